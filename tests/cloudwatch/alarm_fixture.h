// Alarms over the real store, with a clock that stands still and a metric that a test writes down.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/seeded_random.h"
#include "lib/cloudwatch/alarm_evaluator.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/tables/alarm_history_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/database.h"
#include "tests/support/temp_dir.h"

namespace brume::cloudwatch {

inline constexpr char kPolicyArn[] =
    "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:autoScalingGroupName/web:policyName/out";
inline constexpr char kStopArn[] = "arn:aws:automate:us-east-1:ec2:stop";
inline constexpr char kHook[] = "http://hooks.example.org/alarm";

class AlarmWorld {
 public:
  AlarmWorld() { Restart(); }

  // As brumed after another start: nothing is left but what is on disk.
  void Restart() {
    evaluator.reset();
    alarms.reset();
    alarms = std::make_unique<AlarmService>(
        *database, clock, random,
        AlarmServiceOptions{
            .account = {.region = "us-east-1", .id = "000000000000"},
            .rules = {.webhooks = {"http://hooks.example.org/"}},
            .read = [this](const alarm::Watch& watch, absl::Time from, absl::Time to) { return Read(watch, from, to); },
            .on_put = [this](const std::string& name) { evaluator->Wake(name); },
            .on_wait = [this] { ++waits; },
            .on_due =
                [this](std::vector<alarm::DueAction> asked) {
                  for (alarm::DueAction& one : asked) due.push_back(std::move(one));
                }});
    Must(alarms->Load());
    evaluator = std::make_unique<AlarmEvaluator>(
        AlarmEvaluatorParts{.alarms = *alarms,
                            .clock = clock,
                            .read =
                                [this](const alarm::Watch& watch, absl::Time from, absl::Time to) {
                                  ++reads;
                                  return Read(watch, from, to);
                                },
                            .on_scaling = [this](const std::string& action) { scaling.push_back(action); }});
    evaluator->WakeAll();
  }

  // Above 50 for `m` of the newest `n` periods of 10 s of the metric of this name.
  static alarm::Alarm Above50(const std::string& name, int m = 1, int n = 1, const std::string& metric = "cpu") {
    alarm::Alarm alarm;
    alarm.name = name;
    alarm.watch.metric.metric_namespace = "Test";
    alarm.watch.metric.name = metric;
    alarm.watch.metric.dimensions = {{"InstanceId", "i-0123456789abcdef0"}};
    alarm.watch.statistic = "Average";
    alarm.watch.period = absl::Seconds(10);
    alarm.watch.threshold = {.comparison = alarm::Comparison::kGreater,
                             .value = 50,
                             .evaluation_periods = n,
                             .datapoints_to_alarm = m,
                             .missing = alarm::MissingData::kMissing};
    return alarm;
  }

  static alarm::Alarm Composite(const std::string& name, const std::string& rule) {
    alarm::Alarm alarm;
    alarm.kind = alarm::Kind::kComposite;
    alarm.name = name;
    alarm.rule = rule;
    return alarm;
  }

  static void Does(alarm::Alarm& alarm, alarm::State in, const std::string& action) {
    alarm.actions[static_cast<size_t>(in)].push_back(action);
  }

  void Put(const alarm::Alarm& alarm) {
    Must(alarm.kind == alarm::Kind::kMetric ? alarms->PutMetricAlarm(alarm, {}) : alarms->PutCompositeAlarm(alarm, {}));
    evaluator->EvaluateDue();
  }

  // A period goes by, with this datapoint or none, and is evaluated.
  void Tick(std::optional<double> value, const std::string& metric = "cpu") {
    if (value.has_value()) data[metric][Start(clock.Now())] = *value;
    clock.Advance(absl::Seconds(10));
    evaluator->EvaluateDue();
  }

  std::string StateOf(const std::string& name) { return std::string(StateName(alarms->Find(name)->state)); }

  // "summary" of each item of an alarm, the oldest first.
  std::vector<std::string> History(const std::string& name, std::optional<alarm::HistoryType> type = {}) {
    alarm::HistoryQuery query;
    query.alarm = name;
    query.type = type;
    query.oldest_first = true;
    query.max_records = 2000;
    std::vector<std::string> summaries;
    for (const alarm::HistoryItem& item : Value(alarms->History(query))) summaries.push_back(item.summary);
    return summaries;
  }

  std::vector<alarm::DueAction> Due() {
    return database->ReadFor([](store::Connection& c) { return AlarmDueActionTable(c).List(); }).value();
  }

  static void Must(const absl::Status& status) {
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  TempDir directory;
  std::unique_ptr<store::Database> database = store::Database::Open(directory / "brume.db").value();
  SeededRandom random{7};
  ManualClock clock{absl::FromUnixSeconds(1'700'000'041)};   // a second into a minute
  std::map<std::string, std::map<absl::Time, double>> data;  // by the metric's name
  int reads = 0, waits = 0;
  absl::Status read_fails = absl::OkStatus();
  AlarmReader reader;  // in the place of `data`
  std::vector<std::string> scaling;
  std::vector<alarm::DueAction> due;
  std::unique_ptr<AlarmService> alarms;
  std::unique_ptr<AlarmEvaluator> evaluator;

 private:
  static absl::Time Start(absl::Time time) {
    return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), absl::Seconds(10));
  }

  absl::StatusOr<std::vector<std::pair<absl::Time, double>>> Read(const alarm::Watch& watch, absl::Time from,
                                                                  absl::Time to) {
    if (!read_fails.ok()) return read_fails;
    if (reader) return reader(watch, from, to);
    const std::map<absl::Time, double>& points = data[watch.metric.name];
    return std::vector<std::pair<absl::Time, double>>(points.lower_bound(from), points.lower_bound(to));
  }
};

}  // namespace brume::cloudwatch
