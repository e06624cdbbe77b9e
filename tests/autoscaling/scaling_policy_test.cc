#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/autoscaling/model/adjustment.h"
#include "lib/autoscaling/model/scale.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/scaling_loop.h"

namespace brume::scaling {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// A group of 10 in service, its policies and what they hear.
struct Room {
  Room() : crowd{.ready = 10} {}

  std::optional<Decision> Decide() {
    memories.resize(policies.size());
    signals.resize(policies.size());
    return Scale(group, {policies, signals, crowd, cooldown_until}, absl::MakeSpan(memories), kNow);
  }
  std::optional<int> Desired() {
    const std::optional<Decision> decision = Decide();
    return decision.has_value() ? std::make_optional(decision->desired) : std::nullopt;
  }
  void Add(const Policy& policy, const Signal& signal) {
    policies.push_back(policy);
    signals.push_back(signal);
  }

  Group group = MakeGroup(1, 100, 10);
  std::vector<Policy> policies;
  std::vector<Signal> signals;
  std::vector<PolicyMemory> memories;
  Crowd crowd;
  absl::Time cooldown_until = absl::InfinitePast();
};

Policy Tracking(double target, bool disable_scale_in = false) {
  return {.name = "track", .enabled = true, .rule = TrackingPolicy{target, disable_scale_in}};
}

Policy Simple(int amount) {
  return {.name = "simple",
          .enabled = true,
          .rule = SimplePolicy{{AdjustmentType::kChangeInCapacity, amount, 0}, std::nullopt}};
}

Signal Alarm(double breach = 0) {
  return {.in_alarm = true, .alarm = "high", .breach = breach, .datapoint = {}, .forecast = {}};
}

Signal Datapoint(double value) {
  return {.in_alarm = false, .alarm = "", .breach = 0, .datapoint = value, .forecast = {}};
}

std::optional<int> LastOf(Room& room, int evaluations) {
  for (int i = 1; i < evaluations; ++i) CHECK_FALSE(room.Desired().has_value());
  return room.Desired();
}

}  // namespace

TEST_CASE("an adjustment changes the capacity as its type says", "[scaling]") {
  CHECK(Adjust(10, {AdjustmentType::kChangeInCapacity, 3, 0}) == 13);
  CHECK(Adjust(10, {AdjustmentType::kChangeInCapacity, -30, 0}) == 0);
  CHECK(Adjust(10, {AdjustmentType::kExactCapacity, 4, 0}) == 4);
  CHECK(Adjust(10, {AdjustmentType::kPercentChangeInCapacity, 29, 0}) == 12);
  CHECK(Adjust(10, {AdjustmentType::kPercentChangeInCapacity, -29, 0}) == 8);
}

TEST_CASE("a change in percent that is not nothing is one member or the least magnitude", "[scaling]") {
  CHECK(Adjust(3, {AdjustmentType::kPercentChangeInCapacity, 10, 0}) == 4);
  CHECK(Adjust(3, {AdjustmentType::kPercentChangeInCapacity, -10, 0}) == 2);
  CHECK(Adjust(4, {AdjustmentType::kPercentChangeInCapacity, 25, 2}) == 6);
  CHECK(Adjust(4, {AdjustmentType::kPercentChangeInCapacity, -25, 2}) == 2);
  CHECK(Adjust(4, {AdjustmentType::kPercentChangeInCapacity, 0, 2}) == 4);
}

TEST_CASE("a step is chosen by the breach, above with its lower bound and below with its upper one", "[scaling]") {
  const StepAdjustment steps[] = {{std::nullopt, -20.0, -3}, {-20.0, 0.0, -1}, {0.0, 10.0, 1}, {10.0, std::nullopt, 2}};
  CHECK(ChooseStep(steps, 0)->amount == 1);
  CHECK(ChooseStep(steps, 9.9)->amount == 1);
  CHECK(ChooseStep(steps, 10)->amount == 2);
  CHECK(ChooseStep(steps, -5)->amount == -1);
  CHECK(ChooseStep(steps, -20)->amount == -3);
  CHECK(ChooseStep(absl::MakeSpan(steps).subspan(2), -1) == nullptr);
}

TEST_CASE("steps that overlap, leave a gap or end nowhere are refused", "[scaling]") {
  const auto code = [](std::vector<StepAdjustment> steps) { return ec2::ErrorCode(CheckSteps(steps)); };
  CHECK(CheckSteps(std::vector<StepAdjustment>{{0.0, 10.0, 1}, {10.0, std::nullopt, 2}}).ok());
  CHECK(code({}) == "ValidationError");
  CHECK(code({{0.0, 10.0, 1}, {5.0, std::nullopt, 2}}) == "ValidationError");
  CHECK(code({{0.0, 10.0, 1}, {15.0, std::nullopt, 2}}) == "ValidationError");
  CHECK(code({{0.0, 10.0, 1}}) == "ValidationError");
  CHECK(code({{-10.0, 0.0, -1}}) == "ValidationError");
  CHECK(code({{10.0, 0.0, 1}}) == "ValidationError");
}

TEST_CASE("a simple policy acts once, then waits for its cooldown and for what it launched", "[scaling]") {
  Room room;
  room.Add(Simple(2), Alarm());
  const std::optional<Decision> decision = room.Decide();
  REQUIRE(decision.has_value());
  CHECK(decision->desired == 12);
  CHECK(decision->cooldown_until == kNow + room.group.default_cooldown);
  CHECK(absl::StrContains(decision->cause,
                          "a monitor alarm high in state ALARM triggered policy simple changing the "
                          "desired capacity from 10 to 12."));
  room.cooldown_until = kNow + absl::Seconds(1);
  CHECK_FALSE(room.Desired().has_value());
  room.cooldown_until = kNow;
  room.crowd.pending = 2;
  CHECK_FALSE(room.Desired().has_value());
  room.crowd.pending = 0;
  CHECK(room.Desired() == 12);
}

TEST_CASE("a step policy adds only what the members that warm up do not cover", "[scaling]") {
  Room room;
  room.Add(
      {.name = "steps",
       .enabled = true,
       .rule = StepPolicy{AdjustmentType::kPercentChangeInCapacity, 0, {{0.0, 10.0, 10}, {10.0, std::nullopt, 30}}}},
      Alarm(5));
  CHECK(room.Desired() == 11);
  room.group.desired = 11;
  room.crowd.warming = 1;
  CHECK_FALSE(room.Desired().has_value());
  room.signals[0] = Alarm(15);
  CHECK(room.Desired() == 13);
}

TEST_CASE("a step policy does not count members that are leaving a second time", "[scaling]") {
  Room room;
  room.Add({.name = "steps",
            .enabled = true,
            .rule = StepPolicy{AdjustmentType::kChangeInCapacity, 0, {{std::nullopt, 0.0, -2}}}},
           Alarm(-5));
  CHECK(room.Desired() == 8);
  room.group.desired = 8;
  room.crowd = {.ready = 8, .warming = 0, .pending = 0, .leaving = 2};
  CHECK_FALSE(room.Desired().has_value());
}

TEST_CASE("no policy leaves the bounds of its group", "[scaling]") {
  Room room;
  room.group.max_size = 11;
  room.Add(Simple(5), Alarm());
  CHECK(room.Desired() == 11);
  room.policies[0] = Tracking(10);
  room.signals[0] = Datapoint(1000);
  CHECK(room.Desired() == 11);
  room.group.min_size = 9;
  room.policies[0] = Simple(-5);
  room.signals[0] = Alarm();
  CHECK(room.Desired() == 9);
}

TEST_CASE("target tracking scales out in proportion at its first datapoint", "[scaling]") {
  Room room;
  room.Add(Tracking(50), Datapoint(60));
  CHECK(room.Desired() == 12);
  room.signals[0] = Datapoint(500);
  CHECK(room.Desired() == 100);
  room.signals[0] = Datapoint(50);
  CHECK_FALSE(room.Desired().has_value());
}

TEST_CASE("target tracking scales in to what the highest of fifteen datapoints needs", "[scaling]") {
  Room room;
  room.Add(Tracking(50), Datapoint(25));
  CHECK(LastOf(room, PolicyMemory::kDatapoints) == 6);
  room.memories[0] = {};
  room.signals[0] = Datapoint(40);
  CHECK_FALSE(room.Desired().has_value());
  room.signals[0] = Datapoint(25);
  CHECK(LastOf(room, PolicyMemory::kDatapoints - 1) == 9);
}

TEST_CASE("members that warm up count as capacity and not as load", "[scaling]") {
  Room room;
  room.Add(Tracking(50), Datapoint(500));
  room.group.desired = 100;
  room.crowd = {.ready = 10, .warming = 0, .pending = 90, .leaving = 0};
  CHECK_FALSE(room.Desired().has_value());
  std::vector<Member> members(3);
  for (Member& member : members) member.lifecycle = Lifecycle::kInService;
  room.group.default_warmup = absl::Minutes(5);
  members[0].in_service = kNow - absl::Minutes(5);
  members[1].in_service = kNow - absl::Minutes(4);
  members[2].in_service = kNow - absl::Hours(1);
  const std::vector<std::optional<double>> values = {10, 90, 30};
  CHECK(Measure(room.group, members, values, kNow) == 20);
  members[0].lifecycle = members[2].lifecycle = Lifecycle::kStandby;
  CHECK_FALSE(Measure(room.group, members, values, kNow).has_value());
}

TEST_CASE("of several tracking policies the largest wins and all must agree to scale in", "[scaling]") {
  Room room;
  room.Add(Tracking(50), Datapoint(60));
  room.Add(Tracking(100), Datapoint(150));
  CHECK(room.Desired() == 15);
  room.memories.clear();
  room.signals = {Datapoint(20), Datapoint(70)};
  CHECK(LastOf(room, PolicyMemory::kDatapoints) == 8);
  room.signals[1].datapoint.reset();
  CHECK_FALSE(room.Desired().has_value());
  room.signals[1] = Datapoint(100);
  CHECK_FALSE(room.Desired().has_value());
}

TEST_CASE("a tracking policy without scale-in neither scales in nor keeps others from it", "[scaling]") {
  Room room;
  room.Add(Tracking(50, /*disable_scale_in=*/true), Datapoint(5));
  CHECK_FALSE(LastOf(room, 2 * PolicyMemory::kDatapoints).has_value());
  room.Add(Tracking(50), Datapoint(25));
  CHECK(LastOf(room, PolicyMemory::kDatapoints) == 6);
  room.signals[0] = Datapoint(100);
  CHECK(room.Desired() == 20);
}

TEST_CASE("a group does not scale in while members are coming", "[scaling]") {
  Room room;
  room.Add(Simple(-1), {});
  room.Add(Tracking(50), Datapoint(5));
  CHECK(LastOf(room, PolicyMemory::kDatapoints) == 2);
  room.crowd.warming = 1;
  CHECK_FALSE(room.Desired().has_value());
}

TEST_CASE("a forecast is a floor that scales out and never in", "[scaling]") {
  Room room;
  room.Add({.name = "foresee",
            .enabled = true,
            .rule = PredictivePolicy{.target = 50, .mode = PredictiveMode::kForecastAndScale}},
           {});
  room.signals[0].forecast = 14;
  CHECK(room.Desired() == 14);
  room.signals[0].forecast = 7;
  CHECK_FALSE(room.Desired().has_value());
  room.Add(Tracking(50), Datapoint(5));
  CHECK(LastOf(room, PolicyMemory::kDatapoints) == 7);
  std::get<PredictivePolicy>(room.policies[0].rule).mode = PredictiveMode::kForecastOnly;
  CHECK(room.Desired() == 2);
}

TEST_CASE("a disabled policy and a suspended AlarmNotification change nothing", "[scaling]") {
  Room room;
  room.Add(Simple(2), Alarm());
  room.policies[0].enabled = false;
  CHECK_FALSE(room.Desired().has_value());
  room.policies[0].enabled = true;
  room.group.suspended.Add(Process::kAlarmNotification);
  CHECK_FALSE(room.Desired().has_value());
  room.group.suspended.Remove(Process::kAlarmNotification);
  CHECK(room.Desired() == 12);
}

}  // namespace brume::scaling
