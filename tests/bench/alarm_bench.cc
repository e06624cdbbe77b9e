// How long one evaluation of many alarms takes, each on a metric of its own with a period of 10 s, over the real store.
//   alarm_bench [alarms=5000]
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_evaluator.h"
#include "lib/cloudwatch/alarm_reader.h"
#include "lib/cloudwatch/tables/alarm_table.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(10);

alarm::Alarm MakeAlarm(int number) {
  alarm::Alarm alarm;
  alarm.name = absl::StrCat("alarm ", number);
  alarm.watch.metric.metric_namespace = "AWS/EC2";
  alarm.watch.metric.name = "CPUUtilization";
  alarm.watch.metric.dimensions = {{"InstanceId", absl::StrCat("i-", number)}};
  alarm.watch.statistic = "Average";
  alarm.watch.period = kPeriod;
  alarm.watch.threshold.value = 50;
  alarm.watch.threshold.evaluation_periods = 3;
  alarm.watch.threshold.datapoints_to_alarm = 3;
  return alarm;
}

absl::Status Run(const std::string& directory, int count) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Database> database, store::Database::Open(directory + "/brume.db"));
  RETURN_IF_ERROR(database->Write([&](store::Connection& c) -> absl::Status {
    for (int i = 0; i < count; ++i) RETURN_IF_ERROR(AlarmTable(c).Insert(MakeAlarm(i)));
    return absl::OkStatus();
  }));
  ManualClock clock(absl::FromUnixSeconds(1'700'000'041));
  SystemRandom random;
  MetricService metrics(*database, clock);
  AlarmService alarms(*database, clock, random, {.account = {.region = "us-east-1", .id = "000000000000"}});
  RETURN_IF_ERROR(alarms.Load());
  AlarmEvaluator evaluator(
      {.alarms = alarms, .clock = clock, .read = [&](const alarm::Watch& watch, absl::Time from, absl::Time to) {
         return ReadWatch(metrics, watch, from, to);
       }});
  evaluator.WakeAll();
  constexpr int kRounds = 20, kBusyFrom = 10;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < count; ++i) {
      MetricDatum datum;
      datum.id = MakeAlarm(i).watch.metric;
      datum.unit = "Percent";
      datum.time = clock.Now() - absl::Seconds(1);
      datum.values.Add(round < kBusyFrom ? 10 : 90);
      datum.by_second = true;
      metrics.Note(datum);
    }
    RETURN_IF_ERROR(metrics.Flush());
    const alarm::State before = alarms.Find("alarm 0")->state;
    clock.Advance(kPeriod);
    const auto begun = std::chrono::steady_clock::now();
    evaluator.EvaluateDue();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    const bool changed = alarms.Find("alarm 0")->state != before;
    std::printf("%d alarms: %.1f ms%s\n", count, took.count(), changed ? ", and each has another state" : "");
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace brume::cloudwatch

int main(int argc, char** argv) {
  constexpr int kDefault = 5000;
  char directory[] = "/tmp/brume-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 1;
  const absl::Status done = brume::cloudwatch::Run(directory, argc > 1 ? atoi(argv[1]) : kDefault);
  std::filesystem::remove_all(directory);
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.ToString().c_str());
  return done.ok() ? 0 : 1;
}
