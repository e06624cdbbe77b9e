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

TEST_CASE("AND and OR are the words for && and ||, and bind weaker than comparisons", "[expression]") {
  CHECK(Result("1 > 2 OR 3 > 2 AND 0") == "0");
  CHECK(Result("(1 > 2 OR 3 > 2) AND 1 == 1") == "1");
  CHECK(Result("0 AND 0 OR 1") == "1");
  CHECK(Result("m1 > 4 OR m1 < 2") == "0:1 1:0 2:0 4:1");
  CHECK(Result("IF(m1 > 1 AND m1 < 5, m1)") == "1:2 2:3");
  CHECK(Result("IF(HOUR(m1) > 22 OR HOUR(m1) < 2, m1)") == "0:1 1:2 2:3 4:5");
  CHECK(Result("IF(HOUR(m1) > 22 AND HOUR(m1) < 2, m1)").empty());
  CHECK(Result("(m1)AND(m1)") == "0:1 1:1 2:1 4:1");
  CHECK(absl::StartsWith(Result("m1 ORDER m1"), "error: an operator is expected at character 4"));
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
  CHECK(Result("LOG10(m2 * 10)") == "0:2 3:2.47712");
  CHECK(Result("LOG(1)") == "0");
  CHECK(Result("CEIL(LOG(m1))") == "0:0 1:1 2:2 4:2");
  CHECK(Result("DIFF_TIME(m1)") == "1:60 2:60 4:120");
  CHECK(Result("STDDEV(m1 * 0)") == "0");
  CHECK(Result("STDDEV(DIFF(m1) * 2)") == "0.942809");
  CHECK(Result("DATAPOINT_COUNT(m1)") == "4");
}

// The start is Tuesday, 2023-11-14 23:00 UTC.
TEST_CASE("the parts of a point's time are those of UTC", "[expression]") {
  CHECK(Result("MINUTE(m2)") == "0:0 1:1 3:3");
  CHECK(Result("HOUR(m2)") == "0:23 1:23 3:23");
  CHECK(Result("DAY(m2)") == "0:2 1:2 3:2");
  CHECK(Result("DATE(m2)") == "0:14 1:14 3:14");
  CHECK(Result("MONTH(m2)") == "0:11 1:11 3:11");
  CHECK(Result("YEAR(m2)") == "0:2023 1:2023 3:2023");
  CHECK(Result("EPOCH(m1) - 1700002800") == "0:0 1:60 2:120 4:240");
}

TEST_CASE("lists are sorted, sliced, counted and rid of what is empty", "[expression]") {
  CHECK(Result("SORT(METRICS('m'), SUM, DESC)") == "0:10 1:0 3:30 | 0:1 1:2 2:3 4:5");
  CHECK(Result("SORT(METRICS('m'), SUM, ASC, 1)") == "0:1 1:2 2:3 4:5");
  CHECK(Result("SORT([m1 * (0 / 0), m2], MAX, ASC)") == "0:10 1:0 3:30 | ");
  CHECK(Result("SLICE(METRICS(), 1, 3)") == "0:10 1:0 3:30 | 0:4");
  CHECK(Result("SLICE(METRICS(), 2)") == "0:4");
  CHECK(Result("SLICE(METRICS(), 7)").empty());
  CHECK(Result("SLICE(METRICS(), 2, 900)") == "0:4");
  CHECK(Result("FIRST(METRICS())") == "0:1 1:2 2:3 4:5");
  CHECK(Result("LAST(METRICS())") == "0:4");
  CHECK(Result("REMOVE_EMPTY([m1 * (0 / 0), m2])") == "0:10 1:0 3:30");
  CHECK(Result("METRIC_COUNT(METRICS())") == "3");
  CHECK(Result("DATAPOINT_COUNT(METRICS())") == "0:3 1:2 2:1 3:1 4:1");
  CHECK(Result("STDDEV([m1, m2])") == "0:4.5 1:1 2:0 3:0 4:0");
  CHECK(Result("MAX(SLICE(SORT(METRICS(), MAX, DESC), 0, 1))") == "0:10 1:0 3:30");
}

TEST_CASE("TIME_SERIES is a series without gaps of one number", "[expression]") {
  CHECK(Result("TIME_SERIES(7)") == "0:7 1:7 2:7 3:7 4:7");
  CHECK(Result("m1 + TIME_SERIES(SUM(m2))") == "0:41 1:42 2:43 4:45");
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
  // A series that is not chosen has no points, and is a series all the same.
  CHECK(Result("IF(0, m1) + 1").empty());
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
      {"FILL(m1, DESC)", "FILL fills with"},
      {"nosuch", "nosuch is not known"},
      {"HOUR(12)", "HOUR takes a series"},
      {"TIME_SERIES(m1)", "TIME_SERIES takes a number"},
      {"FIRST(m1)", "FIRST takes a list"},
      {"SORT(METRICS(), PERIOD, ASC)", "PERIOD is neither an id"},
      {"SORT(METRICS(), REPEAT, ASC)", "SORT sorts by AVG"},
      {"SORT(METRICS(), SUM, MAX)", "ASC or DESC"},
      {"SORT(METRICS(), SUM, ASC, 1.5)", "value 4 of SORT must be a whole number"},
      {"SLICE(METRICS(), -1)", "value 2 of SLICE must be a whole number"},
      {"SLICE(METRICS(), 2, 1)", "ends before it begins"},
      {"SEARCH('{App}', 'Sum')", "SEARCH is not supported in the metrics of an alarm"},
      {"ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND is not supported: anomalies"},
      {"INSIGHT_RULE_METRIC('r', 'Sum')", "INSIGHT_RULE_METRIC is not supported"},
      {"SERVICE_QUOTA(m1)", "SERVICE_QUOTA is not supported"},
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
  const std::vector<std::string> pieces = {"m1",    "m2",        "M",
                                           "(",     ")",         "[",
                                           "]",     ",",         "+",
                                           "-",     "*",         "/",
                                           "^",     "==",        "<=",
                                           "&&",    "||",        "1",
                                           "2.5",   "1e9",       "\"m\"",
                                           "'",     " ",         ".",
                                           "IF",    "SUM",       "FILL",
                                           "AVG(",  "METRICS()", "REPEAT",
                                           "RATE(", "\xff",      "OR",
                                           "AND",   "SORT(",     "SLICE(",
                                           "DESC",  "HOUR(",     "TIME_SERIES(",
                                           "LAST("};
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
  for (const char* name : {"", "p", "p101", "p-1", "p1e1", "P50", "average", "tm", "p5 0", "pnan"}) {
    INFO(name);
    CHECK_FALSE(Statistic::Parse(name).has_value());
  }
  CHECK(Statistic::Parse("Average")->Of(MetricBucket{}) == std::nullopt);
}

}  // namespace brume::cloudwatch
