#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/cloudwatch/expression.h"
#include "lib/cloudwatch/model/statistic.h"

namespace brume::cloudwatch {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'002'800);
constexpr absl::Duration kMinute = absl::Minutes(1);

// By minutes after the start.
TimeSeries SeriesOf(const std::map<int, double>& points) {
  TimeSeries series{.period = kMinute};
  for (const auto& [minute, value] : points) series.points[kStart + minute * kMinute] = value;
  return series;
}

ExpressionScope Scope() {
  ExpressionScope scope;
  scope.values["m1"] = SeriesOf({{0, 1}, {1, 2}, {2, 3}, {4, 5}});
  scope.values["m2"] = SeriesOf({{0, 10}, {1, 0}, {3, 30}});
  scope.values["errors_a"] = SeriesOf({{0, 4}});
  scope.metrics = {"m1", "m2", "errors_a"};
  scope.from = kStart;
  scope.to = kStart + 5 * kMinute;
  return scope;
}

std::string Text(const TimeSeries& series) {
  std::string text;
  for (const auto& [time, value] : series.points) {
    absl::StrAppend(&text, text.empty() ? "" : " ", absl::ToInt64Minutes(time - kStart), ":", value);
  }
  return text;
}

// "0:1 1:2" of a series, several separated by " | ", a number as itself, an error after "error: ".
std::string Result(const std::string& text) {
  const auto expression = Expression::Parse(text);
  if (!expression.ok()) return absl::StrCat("error: ", expression.status().message());
  ExpressionScope scope = Scope();
  const auto value = expression->Evaluate(scope);
  if (!value.ok()) return absl::StrCat("error: ", value.status().message());
  if (const auto* number = std::get_if<double>(&*value)) return absl::StrCat(*number);
  if (const auto* one = std::get_if<TimeSeries>(&*value)) return Text(*one);
  std::string all;
  for (const TimeSeries& series : std::get<std::vector<TimeSeries>>(*value)) {
    absl::StrAppend(&all, all.empty() ? "" : " | ", Text(series));
  }
  return all;
}

}  // namespace

TEST_CASE("numbers are computed by the usual rules of precedence", "[expression]") {
  CHECK(Result("1 + 2 * 3") == "7");
  CHECK(Result("(1 + 2) * 3") == "9");
  CHECK(Result("2 ^ 3 ^ 2") == "512");
  CHECK(Result("-2 ^ 2") == "-4");
  CHECK(Result("2 ^ -1") == "0.5");
  CHECK(Result("10 - 4 - 3") == "3");
  CHECK(Result("8/4/2") == "1");
  CHECK(Result("1e3 + .5") == "1000.5");
  CHECK(Result("1 + 1 == 2 && 3 > 2 || 0") == "1");
  CHECK(Result("1 != 1") == "0");
  CHECK(Result("2 <= 2") == "1");
  CHECK(Result("-ABS(-3)") == "-3");
}

TEST_CASE("series are computed point by point, where both have one", "[expression]") {
  CHECK(Result("m1") == "0:1 1:2 2:3 4:5");
  CHECK(Result("m1 + m2") == "0:11 1:2");
  CHECK(Result("m1 * 2") == "0:2 1:4 2:6 4:10");
  CHECK(Result("100 - m1") == "0:99 1:98 2:97 4:95");
  CHECK(Result("m1 > 2") == "0:0 1:0 2:1 4:1");
  // A result that is not a number is left out.
  CHECK(Result("m1 / m2") == "0:0.1");
  CHECK(Result("m1 * (0 / 0)").empty());
}

TEST_CASE("AVG, SUM, MIN and MAX put the points of one series together, or those of several at each time",
          "[expression]") {
  CHECK(Result("SUM(m1)") == "11");
  CHECK(Result("AVG(m1)") == "2.75");
  CHECK(Result("MIN(m1)") == "1");
  CHECK(Result("MAX(m1)") == "5");
  CHECK(Result("SUM([m1, m2])") == "0:11 1:2 2:3 3:30 4:5");
  CHECK(Result("AVG([m1, m2])") == "0:5.5 1:1 2:3 3:30 4:5");
  CHECK(Result("MIN(METRICS())") == "0:1 1:0 2:3 3:30 4:5");
  CHECK(Result("MAX(METRICS(\"m\"))") == "0:10 1:2 2:3 3:30 4:5");
  CHECK(Result("SUM(METRICS('errors'))") == "0:4");
  CHECK(Result("m1 / SUM(m1) * 100 >= 27") == "0:0 1:0 2:1 4:1");
  CHECK(Result("METRICS() + 1") == "0:2 1:3 2:4 4:6 | 0:11 1:1 3:31 | 0:5");
}

TEST_CASE("functions of one series", "[expression]") {
  CHECK(Result("CEIL(m1 / 2)") == "0:1 1:1 2:2 4:3");
  CHECK(Result("FLOOR(m1 / 2)") == "0:0 1:1 2:1 4:2");
  CHECK(Result("ABS(0 - m1)") == "0:1 1:2 2:3 4:5");
  CHECK(Result("RATE(m1) * 60") == "1:1 2:1 4:1");
  CHECK(Result("DIFF(m1)") == "1:1 2:1 4:2");
  CHECK(Result("RUNNING_SUM(m1)") == "0:1 1:3 2:6 4:11");
  CHECK(Result("PERIOD(m1)") == "60");
  CHECK(Result("m1 / PERIOD(m1) * 60") == "0:1 1:2 2:3 4:5");
}

TEST_CASE("FILL fills every period of the range, by what it is told", "[expression]") {
  CHECK(Result("FILL(m1, 0)") == "0:1 1:2 2:3 3:0 4:5");
  CHECK(Result("FILL(m1, REPEAT)") == "0:1 1:2 2:3 3:3 4:5");
  CHECK(Result("FILL(m1, LINEAR)") == "0:1 1:2 2:3 3:4 4:5");
  CHECK(Result("FILL(m2, m1)") == "0:10 1:0 2:3 3:30 4:5");
  // Before the first point there is nothing to repeat, and after the last nothing to lead to.
  CHECK(Result("FILL(DIFF(m2), REPEAT)") == "1:-10 2:-10 3:30 4:30");
  CHECK(Result("FILL(m2, LINEAR)") == "0:10 1:0 2:15 3:30");
  CHECK(Result("FILL(METRICS('m'), 0)") == "0:1 1:2 2:3 3:0 4:5 | 0:10 1:0 2:0 3:30 4:0");
}

TEST_CASE("IF chooses at each time, or once for all", "[expression]") {
  CHECK(Result("IF(m1 > 2, 1, 0)") == "0:0 1:0 2:1 4:1");
  CHECK(Result("IF(m1 > 2, m1)") == "2:3 4:5");
  CHECK(Result("IF(m1 > 1, m2, m1)") == "0:1 1:0");
  CHECK(Result("IF(1, m1, m2)") == "0:1 1:2 2:3 4:5");
  CHECK(Result("IF(SUM(m1) > 100, m1, m2)") == "0:10 1:0 3:30");
}

TEST_CASE("what makes no sense is refused, with its place or its reason", "[expression]") {
  const std::map<std::string, std::string> cases = {
      {"", "ends too early"},
      {"m1 +", "ends too early"},
      {"m1 m2", "an operator is expected at character 4"},
      {"(m1", "a ) is missing at character 4"},
      {"[m1", "a , or a ] is missing"},
      {"SUM(m1", "a , or a ) is missing"},
      {"m1 ? 2", "an operator is expected at character 4"},
      {"M1 + 1", "M1 is neither an id"},
      {"1..2", "no number"},
      {"METRICS(\"x", "not closed"},
      {"NOSUCH(m1)", "there is no function NOSUCH"},
      {"SUM(m1, m2)", "SUM takes 1 values, not 2"},
      {"IF(m1)", "IF takes 2 to 3 values, not 1"},
      {"RATE(1)", "RATE takes a series"},
      {"PERIOD(METRICS())", "PERIOD takes one series"},
      {"METRICS(m1)", "METRICS takes a text"},
      {"METRICS() + METRICS()", "two lists"},
      {"[1, m1]", "a list has series"},
      {"\"m1\" + 1", "m1 is no value here"},
      {"m1 + REPEAT", "REPEAT is no value here"},
      {"IF(METRICS(), 1, 0)", "no lists"},
      {"FILL(1, 0)", "FILL takes a series"},
      {"FILL(m1, METRICS())", "FILL fills with"},
      {"nosuch", "nosuch is not known"},
      {std::string(3000, '('), "nested too deeply"},
      {std::string(3000, '-') + "1", "nested too deeply"},
  };
  for (const auto& [text, words] : cases) {
    INFO(text.substr(0, 50) << " gives " << Result(text));
    CHECK(absl::StartsWith(Result(text), "error: "));
    CHECK(absl::StrContains(Result(text), words));
  }
}

TEST_CASE("an expression of anything at all is computed or refused", "[expression]") {
  const std::vector<std::string> pieces = {"m1", "m2",  "M",    "(",    ")",         "[",      "]",     ",",
                                           "+",  "-",   "*",    "/",    "^",         "==",     "<=",    "&&",
                                           "||", "1",   "2.5",  "1e9",  "\"m\"",     "'",      " ",     ".",
                                           "IF", "SUM", "FILL", "AVG(", "METRICS()", "REPEAT", "RATE(", "\xff"};
  std::mt19937 random(4);
  int computed = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (int k = random() % 12; k >= 0; --k) text += pieces[random() % pieces.size()];
    INFO(text);
    computed += absl::StartsWith(Result(text), "error: ") ? 0 : 1;
  }
  CHECK(computed > 100);
}

TEST_CASE("what an expression needs is known before it is computed, and computing is bounded", "[expression]") {
  const auto expression = Expression::Parse("m1 / (m1 + other) * SUM(METRICS('x'))");
  REQUIRE(expression.ok());
  CHECK(expression->Ids({"m9"}) == std::vector<std::string>{"m1", "m9", "other"});
  const auto heavy = Expression::Parse("m1 + m1 + m1");
  REQUIRE(heavy.ok());
  ExpressionScope scope = Scope();
  scope.budget = 10;
  CHECK(absl::IsResourceExhausted(heavy->Evaluate(scope).status()));
}

TEST_CASE("statistics are known by their names, and nothing else is one", "[metric]") {
  MetricBucket bucket;
  for (const double value : {1.0, 2.0, 3.0, 10.0}) bucket.Add(value);
  CHECK(Statistic::Parse("SampleCount")->Of(bucket) == 4);
  CHECK(Statistic::Parse("Average")->Of(bucket) == 4);
  CHECK(Statistic::Parse("Sum")->Of(bucket) == 16);
  CHECK(Statistic::Parse("Minimum")->Of(bucket) == 1);
  CHECK(Statistic::Parse("Maximum")->Of(bucket) == 10);
  CHECK(*Statistic::Parse("p50")->Of(bucket) == Approx(2).epsilon(0.011));
  CHECK(Statistic::Parse("p100")->Of(bucket) == 10);
  CHECK(Statistic::Parse("p0.0")->Of(bucket) == 1);
  CHECK(Statistic::Parse("p99.99").has_value());
  for (const char* name : {"", "p", "p101", "p-1", "p1e1", "P50", "average", "tm90", "p5 0", "pnan"}) {
    INFO(name);
    CHECK_FALSE(Statistic::Parse(name).has_value());
  }
  CHECK(Statistic::Parse("Average")->Of(MetricBucket{}) == std::nullopt);
}

}  // namespace brume::cloudwatch
