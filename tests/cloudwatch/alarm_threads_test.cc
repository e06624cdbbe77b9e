// Alarms while many threads call, and the evaluator's own thread evaluates.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "lib/base/seeded_random.h"
#include "tests/cloudwatch/alarm_fixture.h"

namespace brume::cloudwatch {

namespace {

// A service with its evaluator, by the real clock, of metrics that all have one value.
struct LiveWorld {
  TempDir directory;
  std::unique_ptr<store::Database> database = store::Database::Open(directory / "brume.db").value();
  RealClock clock;
  SeededRandom random{7};
  std::atomic<double> value = 10;
  std::atomic<int> asked = 0;
  AlarmService alarms{
      *database,
      clock,
      random,
      {.account = {.region = "us-east-1", .id = "000000000000"},
       .rules = {.webhooks = {"http://hooks.example.org/"}},
       .on_put = [this](const std::string& name) { evaluator.Wake(name); },
       .on_wait = [this] { evaluator.Reschedule(); },
       .on_due = [this](const std::vector<alarm::DueAction>& due) { asked += static_cast<int>(due.size()); }}};
  AlarmEvaluator evaluator{
      {.alarms = alarms, .clock = clock, .read = [this](const alarm::Watch& watch, absl::Time from, absl::Time to) {
         std::vector<std::pair<absl::Time, double>> values;
         for (absl::Time time = from; time < to; time += watch.period) values.emplace_back(time, value);
         return absl::StatusOr<std::vector<std::pair<absl::Time, double>>>(std::move(values));
       }}};

  LiveWorld() {
    REQUIRE(alarms.Load().ok());
    evaluator.Start();
  }

  template <typename Condition>
  static void Until(Condition condition, std::chrono::seconds patience = std::chrono::seconds(30)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  void UntilIn(alarm::State state) {
    Until([&] { return alarms.Find("busy")->state == state; });
  }

  static alarm::Alarm Above50(const std::string& name) {
    alarm::Alarm alarm = AlarmWorld::Above50(name);
    alarm.watch.period = absl::Seconds(1);
    AlarmWorld::Does(alarm, alarm::State::kAlarm, kHook);
    AlarmWorld::Does(alarm, alarm::State::kAlarm, kPolicyArn);
    return alarm;
  }
};

}  // namespace

TEST_CASE("an alarm is evaluated by itself, at once and in its periods", "[alarms]") {
  LiveWorld world;
  REQUIRE(world.alarms.PutMetricAlarm(LiveWorld::Above50("busy"), {}).ok());
  world.UntilIn(alarm::State::kOk);
  world.value = 90;
  world.UntilIn(alarm::State::kAlarm);
  world.Until([&] { return world.asked == 2; });
  world.value = 10;
  world.UntilIn(alarm::State::kOk);
  CHECK(world.asked == 2);
}

TEST_CASE("actions that waited for their suppressor are taken in time", "[alarms]") {
  LiveWorld world;
  REQUIRE(world.alarms.PutMetricAlarm(LiveWorld::Above50("busy"), {}).ok());
  REQUIRE(world.alarms.PutMetricAlarm(LiveWorld::Above50("quiet"), {}).ok());
  world.UntilIn(alarm::State::kOk);
  alarm::Alarm composite = AlarmWorld::Composite("held", "ALARM(busy)");
  AlarmWorld::Does(composite, alarm::State::kOk, kHook);
  composite.suppressor = {.alarm = "quiet", .wait = absl::Seconds(1), .extension = absl::Seconds(1)};
  REQUIRE(world.alarms.PutCompositeAlarm(composite, {}).ok());
  // Well before the evaluator would evaluate without a wake.
  world.Until([&] { return world.asked != 0; }, std::chrono::seconds(20));
  CHECK(world.asked == 1);
}

TEST_CASE("alarms are put, set, shown and deleted by many threads while they are evaluated", "[alarms]") {
  LiveWorld world;
  world.value = 90;
  constexpr int kThreads = 4, kEach = 25;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = absl::StrCat("alarm ", t, " ", i % 5), parent = absl::StrCat("parent ", t);
        const bool good =
            world.alarms.PutMetricAlarm(LiveWorld::Above50(name), {{"k", "v"}}).ok() &&
            world.alarms.PutCompositeAlarm(AlarmWorld::Composite(parent, absl::StrCat("ALARM(\"", name, "\")")), {})
                .ok() &&
            world.alarms.SetState(name, alarm::State::kOk, "testing", "").ok() &&
            world.alarms.ParentsOf(name).value().size() == 1 && !world.alarms.List().empty() &&
            world.alarms.History({}).ok() && world.alarms.Delete({parent, name}).ok();
        world.alarms.AlarmsFor(kPolicyArn);
        if (!good) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(world.alarms.List().empty());
  CHECK(world.alarms.AlarmsFor(kPolicyArn).empty());
}

}  // namespace brume::cloudwatch
