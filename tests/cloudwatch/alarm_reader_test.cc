// The datapoints of alarms, out of the metrics that are really kept.
#include "lib/cloudwatch/alarm_reader.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "tests/cloudwatch/alarm_fixture.h"

namespace brume::cloudwatch {

namespace {

constexpr int64_t kMinute = 60;
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'040);  // a minute's beginning
using Values = std::vector<std::pair<absl::Time, double>>;

struct MetricWorld {
  TempDir directory;
  std::unique_ptr<store::Database> database = store::Database::Open(directory / "brume.db").value();
  ManualClock clock{kStart};
  MetricService metrics{*database, clock};

  static MetricId Metric(const std::string& name) {
    MetricId metric;
    metric.metric_namespace = "App";
    metric.name = name;
    return metric;
  }

  void Add(const std::string& metric, absl::Time time, double value, const std::string& unit = "None") {
    MetricDatum datum;
    datum.id = Metric(metric);
    datum.unit = unit;
    datum.time = time;
    datum.values.Add(value);
    datum.by_second = true;
    metrics.Note(datum);
  }

  absl::StatusOr<Values> Read(const alarm::Watch& watch) {
    return ReadWatch(metrics, watch, kStart, kStart + absl::Hours(1));
  }
};

alarm::Watch WatchOf(const std::string& metric, const std::string& statistic) {
  alarm::Watch watch;
  watch.metric = MetricWorld::Metric(metric);
  watch.statistic = statistic;
  watch.period = absl::Seconds(kMinute);
  return watch;
}

alarm::WatchQuery Query(const std::string& id, const std::string& metric) {
  alarm::WatchQuery query;
  query.id = id;
  query.is_metric = true;
  query.metric = MetricWorld::Metric(metric);
  query.statistic = "Sum";
  return query;
}

alarm::WatchQuery Expression(const std::string& id, const std::string& text) {
  alarm::WatchQuery query;
  query.id = id;
  query.expression = text;
  query.return_data = true;
  return query;
}

alarm::Watch ErrorRate(const std::string& expression) {
  alarm::Watch watch;
  watch.period = absl::Seconds(kMinute);
  watch.queries = {Query("errors", "Errors"), Query("calls", "Calls"), Expression("rate", expression)};
  return watch;
}

}  // namespace

TEST_CASE("an alarm's datapoints are its statistic of each period that has data", "[alarms]") {
  MetricWorld world;
  for (int i = 1; i <= 10; ++i) world.Add("Load", kStart + absl::Seconds(i), i);
  world.Add("Load", kStart + absl::Minutes(2), 50);
  const auto first = [&](const std::string& statistic) {
    const Values values = Value(world.Read(WatchOf("Load", statistic)));
    REQUIRE(values.size() == 2);
    CHECK(values[0].first == kStart);
    CHECK(values[1] == std::make_pair(kStart + absl::Minutes(2), statistic == "SampleCount" ? 1.0 : 50.0));
    return values[0].second;
  };
  CHECK(first("Average") == 5.5);
  CHECK(first("Sum") == 55);
  CHECK(first("Minimum") == 1);
  CHECK(first("Maximum") == 10);
  CHECK(first("SampleCount") == 10);
  CHECK(first("p100") == 10);
  CHECK(first("p50") == Approx(5).epsilon(0.15));
  CHECK(Value(world.Read(WatchOf("Other", "Sum"))).empty());
}

TEST_CASE("an alarm with a unit sees the values of that unit alone", "[alarms]") {
  MetricWorld world;
  world.Add("Load", kStart, 1, "Percent");
  world.Add("Load", kStart, 100, "Bytes");
  alarm::Watch watch = WatchOf("Load", "Sum");
  CHECK(Value(world.Read(watch)) == Values{{kStart, 101}});
  watch.unit = "Percent";
  CHECK(Value(world.Read(watch)) == Values{{kStart, 1}});
  watch.unit = "Count";
  CHECK(Value(world.Read(watch)).empty());
}

TEST_CASE("an alarm on metric maths sees what its expression gives", "[alarms]") {
  MetricWorld world;
  for (int i = 0; i < 3; ++i) {
    world.Add("Errors", kStart + absl::Minutes(i), i);
    world.Add("Calls", kStart + absl::Minutes(i), 10);
  }
  CHECK(Value(world.Read(ErrorRate("100 * errors / calls"))) ==
        Values{{kStart, 0}, {kStart + absl::Minutes(1), 10}, {kStart + absl::Minutes(2), 20}});
  for (const char* bad : {"errors /", "nobody * 2", "rate + 1", "METRICS()", "1"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(world.Read(ErrorRate(bad)).status()) == "ValidationError");
  }
}

TEST_CASE("an alarm on a query of Metrics Insights sees its one series", "[alarms]") {
  MetricWorld world;
  for (int i = 0; i < 3; ++i) world.Add("Errors", kStart + absl::Minutes(i), i);
  REQUIRE(world.metrics.Flush().ok());
  alarm::Watch watch = ErrorRate("SELECT MAX(Errors) FROM App");
  watch.queries = {watch.queries.back()};
  watch.queries.front().period = watch.period;
  CHECK(Value(world.Read(watch)) ==
        Values{{kStart, 0}, {kStart + absl::Minutes(1), 1}, {kStart + absl::Minutes(2), 2}});
  watch.queries.front().expression += " GROUP BY Host";
  CHECK(ec2::ErrorCode(world.Read(watch).status()) == "ValidationError");
}

TEST_CASE("an alarm on metric maths follows its expression, also after a restart", "[alarms]") {
  MetricWorld metrics;
  AlarmWorld world;
  world.reader = [&](const alarm::Watch& watch, absl::Time from, absl::Time to) {
    return ReadWatch(metrics.metrics, watch, from, to);
  };
  alarm::Alarm alarm;
  alarm.name = "failing";
  alarm.watch = ErrorRate("100 * errors / calls");
  alarm.watch.threshold.value = 15;
  world.Put(alarm);
  const auto minute = [&](double errors) {
    const absl::Time now = world.clock.Now() - absl::Seconds(1);
    metrics.Add("Errors", now, errors);
    metrics.Add("Calls", now, 10);
    world.clock.Advance(absl::Minutes(1));
    world.evaluator->EvaluateDue();
    return world.StateOf("failing");
  };
  CHECK(minute(1) == "OK");
  CHECK(minute(2) == "ALARM");
  world.Restart();
  CHECK(minute(3) == "ALARM");
  CHECK(minute(0) == "OK");
  const AlarmPtr read = world.alarms->Find("failing");
  REQUIRE(read->watch.queries.size() == 3);
  CHECK(read->watch.queries[0].metric == MetricWorld::Metric("Errors"));
  CHECK(read->watch.queries[2].expression == "100 * errors / calls");
  CHECK(read->watch.queries[2].return_data);
  CHECK(absl::StrContains(world.alarms->History({}).value().at(0).data, "recentDatapoints"));
  alarm.watch.queries[2].expression = "errors /";
  CHECK(ec2::ErrorCode(world.alarms->PutMetricAlarm(alarm, {})) == "ValidationError");
}

}  // namespace brume::cloudwatch
