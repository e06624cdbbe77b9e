// The statistics that values are read back by.
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "lib/cloudwatch/model/statistic.h"

namespace brume::cloudwatch {
namespace {

// 1 to 100, each once, but known to a hundredth alone.
MetricBucket Hundred() {
  MetricBucket bucket;
  for (int value = 1; value <= 100; ++value) bucket.Add(value);
  return bucket;
}

}  // namespace

TEST_CASE("trimmed statistics are within a hundredth or two of what their ranges say", "[metric]") {
  const MetricBucket bucket = Hundred();
  const struct {
    std::string name;
    double value;
  } cases[] = {
      {"tm90", 45.5},           // 1 to 90
      {"TM(:90%)", 45.5},       //
      {"TM(10%:90%)", 50.5},    // 11 to 90
      {"TM(10%:)", 55.5},       // 11 to 100
      {"TM(20.5:80.5)", 50.5},  // 21 to 80
      {"TM(:50.5)", 25.5},      //
      {"TM(50.5:)", 75.5},      //
      {"TM(0%:100%)", 50.5},    //
      {"tm100", 50.5},          //
      {"IQM", 50.5},            // 26 to 75
      {"tc90", 90},             //
      {"TC(10%:90%)", 80},      //
      {"TC(:50.5)", 50},        //
      {"TC(200:300)", 0},       //
      {"ts90", 4095},           // 1 + … + 90
      {"TS(80%:)", 1810},       // 81 + … + 100
      {"TS(50.5:60.5)", 555},   //
      {"wm90", 49.95},          // ten values are 90
      {"WM(80%:90%)", 82.05},   // eighty are 81, ten are 90
      {"WM(:50)", 37.75},       // fifty are 50
      {"WM(90:)", 90.55},       // ninety are 90
      {"PR(:50.5)", 50},        //
      {"PR(50.5:75.5)", 25},    //
      {"PR(:1000)", 100},       //
      {"PR(1000:)", 0},         //
  };
  for (const auto& c : cases) {
    INFO(c.name);
    const auto statistic = Statistic::Parse(c.name);
    REQUIRE(statistic.has_value());
    CHECK(statistic->extended());
    const auto value = statistic->Of(bucket);
    REQUIRE(value.has_value());
    // The bounds of a range may cut a bin of the sketch.
    CHECK(std::abs(*value - c.value) <= 0.025 * std::max(1.0, c.value));
  }
}

TEST_CASE("a bound of values is exclusive below and inclusive above", "[metric]") {
  MetricBucket bucket;
  bucket.Add(5, 4);
  CHECK(Statistic::Parse("TC(5:10)")->Of(bucket) == 0);
  CHECK(Statistic::Parse("TC(1:5)")->Of(bucket) == 4);
  CHECK(Statistic::Parse("PR(:5)")->Of(bucket) == 100);
  CHECK(Statistic::Parse("TM(1:5)")->Of(bucket) == 5);
  // A mean of nothing is unset.
  CHECK_FALSE(Statistic::Parse("TM(5:10)")->Of(bucket).has_value());
  CHECK(Statistic::Parse("tm50")->Of(bucket) == 5);
  CHECK(Statistic::Parse("tc50")->Of(bucket) == 2);
}

TEST_CASE("trimmed statistics need to know how values are distributed", "[metric]") {
  const MetricBucket set{.count = 3, .sum = 6, .min = 1, .max = 3, .distribution_known = false};
  for (const char* name : {"p50", "tm90", "TM(10%:90%)", "IQM", "TC(:2)", "TS(:2)", "wm90", "PR(:2)"}) {
    INFO(name);
    CHECK_FALSE(Statistic::Parse(name)->Of(set).has_value());
    CHECK_FALSE(Statistic::Parse(name)->Of(MetricBucket()).has_value());
  }
  CHECK(Statistic::Parse("Average")->Of(set) == 2);
}

TEST_CASE("what is no statistic is none", "[metric]") {
  for (const char* name :
       {"",         "average",    "p",          "p101",        "p-1",     "pinf",      "p5%",       "tm",
        "tm101",    "tm-1",       "TM",         "TM90",        "TM()",    "TM(:)",     "TM(%:%)",   "TM(90%)",
        "TM(10:",   "TM(10%:90)", "TM(10:90%)", "TM(90%:10%)", "TM(5:5)", "TM(1e3:)",  "TM(:101%)", "TM(-1%:)",
        "TM(a:b)",  "PR(:90%)",   "pr90",       "IQM(1:2)",    "iqm",     "TM(:90%) ", "P(:90%)",   "TM(1:2:3)",
        "TM(1:2))", "PR",         "PR()",       "TM(1.2.3:)"}) {
    INFO(name);
    CHECK_FALSE(Statistic::Parse(name).has_value());
  }
  for (const char* name : {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}) {
    CHECK_FALSE(Statistic::Parse(name)->extended());
  }
  CHECK(Statistic::Parse("TM(-20:-10)").has_value());
}

}  // namespace brume::cloudwatch
