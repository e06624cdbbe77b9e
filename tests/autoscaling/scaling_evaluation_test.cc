// One evaluation of a group as a pure function of what is kept and what monitoring tells.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lib/autoscaling/evaluation.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/forecast.h"
#include "lib/autoscaling/signal_reader.h"
#include "lib/base/clock.h"

namespace brume::autoscaling {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1800000000);

Snapshot SnapshotOf(int min_size, int max_size, int desired) {
  Snapshot snapshot;
  scaling::Group& group = snapshot.record.group;
  group.name = "web";
  group.uuid = "01234567-89ab-4cde-8f01-23456789abcd";
  group.min_size = min_size;
  group.max_size = max_size;
  group.desired = desired;
  group.zones.push_back({.name = "a", .subnet = SubnetId()});
  return snapshot;
}

int CountLaunches(const Outcome& outcome) {
  return static_cast<int>(std::count_if(outcome.actions.begin(), outcome.actions.end(), [](const auto& action) {
    return std::holds_alternative<scaling::Launch>(action);
  }));
}

TEST_CASE("a forecast that may raise the maximum does so for as long as it lasts", "[scaling]") {
  Snapshot snapshot = SnapshotOf(1, 2, 2);
  scaling::PolicyRecord policy;
  policy.seq = 1;
  policy.policy.name = "daily";
  policy.policy.rule = scaling::PredictivePolicy{50, scaling::PredictiveMode::kForecastAndScale, absl::ZeroDuration(),
                                                 scaling::CapacityBreach::kIncreaseMaxCapacity, 0};
  snapshot.policies.push_back(policy);
  std::vector<scaling::PolicyMemory> memories(1);
  Signals signals;
  signals.of_policies.resize(1);
  signals.of_policies[0].forecast = 5;
  signals.max_size = 5;
  Outcome outcome = Evaluate(snapshot, signals, absl::MakeSpan(memories), kNow);
  CHECK(outcome.after.record.group.desired == 5);
  CHECK(CountLaunches(outcome) == 5);

  signals.of_policies[0].forecast = 1;
  signals.max_size = 2;
  outcome = Evaluate(outcome.after, signals, absl::MakeSpan(memories), kNow + absl::Hours(1));
  CHECK(outcome.after.record.group.desired == 2);
  CHECK(outcome.after.record.group.max_size == 2);
}

TEST_CASE("an evaluation that finds nothing to do changes nothing", "[scaling]") {
  Snapshot snapshot = SnapshotOf(0, 2, 0);
  const Outcome outcome = Evaluate(snapshot, {}, {}, kNow);
  CHECK_FALSE(outcome.changed);
  CHECK(outcome.actions.empty());
}

TEST_CASE("a group that is being deleted takes out protected members and those in standby", "[scaling]") {
  Snapshot snapshot = SnapshotOf(2, 2, 2);
  snapshot.record.deleting = true;
  for (const scaling::Lifecycle state : {scaling::Lifecycle::kInService, scaling::Lifecycle::kStandby}) {
    scaling::Member member;
    member.token = scaling::ActivityToken(snapshot.record.group.uuid, snapshot.record.state.next_activity++);
    member.lifecycle = state;
    member.zone = "a";
    member.seen = InstanceState::kRunning;
    member.protected_from_scale_in = true;
    snapshot.members.push_back(member);
  }
  const Outcome outcome = Evaluate(snapshot, {}, {}, kNow);
  CHECK(std::count_if(outcome.actions.begin(), outcome.actions.end(),
                      [](const auto& action) { return std::holds_alternative<scaling::Terminate>(action); }) == 2);
}

TEST_CASE("a suspended process of scheduled actions leaves them to be made up for", "[scaling]") {
  Snapshot snapshot = SnapshotOf(0, 4, 0);
  scaling::ScheduleRecord schedule;
  schedule.seq = 7;
  schedule.evaluated_until = kNow - absl::Hours(2);
  schedule.action.name = "once";
  schedule.action.start = kNow - absl::Hours(1);
  schedule.action.desired = 3;
  snapshot.schedules.push_back(schedule);
  snapshot.record.group.suspended.Add(scaling::Process::kScheduledActions);
  CHECK_FALSE(Evaluate(snapshot, {}, {}, kNow).changed);
  snapshot.record.group.suspended.Remove(scaling::Process::kScheduledActions);
  const Outcome outcome = Evaluate(snapshot, {}, {}, kNow);
  CHECK(outcome.after.record.group.desired == 3);
  CHECK(outcome.schedules_over == std::vector<int64_t>{7});
}

}  // namespace
namespace {

// Monitoring that has the same values every day: a load of 1000 an hour and twice as much at noon, on two members.
SignalSources DailySources() {
  SignalSources sources;
  sources.read_maths = [](const std::vector<alarm::WatchQuery>& queries, absl::Time from, absl::Time to,
                          absl::Duration period) -> absl::StatusOr<std::vector<std::pair<absl::Time, double>>> {
    CHECK(period == absl::Hours(1));
    std::vector<std::pair<absl::Time, double>> points;
    for (absl::Time time = from; time < to; time += period) {
      const double load = absl::ToInt64Hours(time - absl::UnixEpoch()) % 24 == 12 ? 2000 : 1000;
      const std::string& id = queries.front().id;
      points.emplace_back(time, id == "load" ? load : id == "members" ? 2 : load / 100);
    }
    return points;
  };
  return sources;
}

alarm::WatchQuery Returned(const std::string& id) {
  alarm::WatchQuery query;
  query.id = id;
  query.is_metric = true;
  query.return_data = true;
  return query;
}

scaling::PolicyRecord CustomPolicy() {
  scaling::PolicyRecord policy;
  policy.policy.rule = scaling::PredictivePolicy{.target = 5};
  policy.metric.queries = {Returned("load")};
  policy.metric.scaling_queries = {Returned("average")};
  return policy;
}

}  // namespace

TEST_CASE("a forecast by metrics of one's own asks for the members that the load needs", "[scaling]") {
  const ManualClock clock(kNow);
  const SignalReader reader(DailySources(), clock, Account());
  scaling::PolicyRecord policy = CustomPolicy();
  // Without the number of members the load is that of all members.
  Forecast forecast = reader.ForecastOf(policy).value();
  REQUIRE(forecast.capacities.size() == scaling::kForecastHours);
  CHECK(*std::max_element(forecast.loads.begin(), forecast.loads.end()) == 2000);
  CHECK(*std::max_element(forecast.capacities.begin(), forecast.capacities.end()) == 400);
  // With it 1000 are 10 of each of two members: four of them have 5 each.
  policy.metric.capacity_queries = {Returned("members")};
  forecast = reader.ForecastOf(policy).value();
  CHECK(*std::min_element(forecast.capacities.begin(), forecast.capacities.end()) == 4);
  CHECK(*std::max_element(forecast.capacities.begin(), forecast.capacities.end()) == 8);
}

}  // namespace brume::autoscaling
