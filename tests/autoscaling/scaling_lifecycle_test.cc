// Lifecycle hooks, and the way through the warm pool.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "tests/autoscaling/scaling_fixture.h"

namespace brume::scaling {
namespace {

Group Hooked(Transition transition, HookResult result = HookResult::kAbandon) {
  Group group = MakeGroup(0, 10, 1);
  group.hooks.push_back(
      {.name = "hook", .transition = transition, .heartbeat = absl::Minutes(10), .default_result = result});
  return group;
}

// One member that waits for its hook.
Scene Waiting(HookResult result = HookResult::kAbandon) {
  Scene scene(Hooked(Transition::kLaunching, result));
  scene.Act();
  scene.Launched().seen = InstanceState::kRunning;
  scene.Act();
  REQUIRE(scene.Launched().lifecycle == Lifecycle::kPendingWait);
  return scene;
}

}  // namespace

TEST_CASE("a member waits for its launch hook and comes into service when it is completed", "[scaling]") {
  Scene scene = Waiting();
  REQUIRE(scene.Launched().waits.size() == 1);
  CHECK(scene.Launched().waits[0].hook == "hook");
  CHECK(scene.Reconcile().actions.empty());
  CHECK(scene.Reconcile().next_reconcile == kNow + absl::Minutes(10));
  scene.Launched().waits[0].result = HookResult::kContinue;
  scene.Act();
  CHECK(scene.Launched().lifecycle == Lifecycle::kPendingProceed);
  scene.Act();
  CHECK(scene.Launched().lifecycle == Lifecycle::kInService);
  CHECK(scene.Launched().in_service == kNow);
}

TEST_CASE("a launch hook that is abandoned ends its member and another is launched", "[scaling]") {
  Scene scene = Waiting(HookResult::kContinue);
  scene.Launched().waits[0].result = HookResult::kAbandon;
  const Plan plan = scene.Act();
  CHECK(Terminated(plan).size() == 1);
  CHECK(AllOf<Launch>(plan).size() == 1);
  CHECK(absl::StrContains(AllOf<Terminate>(plan)[0].cause, "lifecycle hook hook abandoned it"));
  CHECK(scene.state.launches.failures == 1);
}

TEST_CASE("a hook whose heartbeat stops has its default result", "[scaling]") {
  for (const HookResult result : {HookResult::kContinue, HookResult::kAbandon}) {
    Scene scene = Waiting(result);
    scene.now += absl::Minutes(10);
    const Plan plan = scene.Act();
    CHECK(Terminated(plan).empty() == (result == HookResult::kContinue));
  }
}

TEST_CASE("no heartbeat keeps a member waiting beyond the global timeout", "[scaling]") {
  Scene scene = Waiting(HookResult::kContinue);
  const absl::Time limit = kNow + 100 * absl::Minutes(10);
  scene.Launched().waits[0].deadline = kNow + absl::Hours(1000);
  CHECK(scene.Reconcile().next_reconcile == limit);
  scene.now = limit;
  scene.Act();
  CHECK(scene.Launched().lifecycle == Lifecycle::kPendingProceed);
}

TEST_CASE("of several hooks each must be completed", "[scaling]") {
  Group group = Hooked(Transition::kLaunching);
  group.hooks.push_back(group.hooks[0]);
  group.hooks[1].name = "second";
  Scene scene(group);
  scene.Act();
  scene.Launched().seen = InstanceState::kRunning;
  scene.Act();
  REQUIRE(scene.Launched().waits.size() == 2);
  CHECK(scene.Launched().waits[0].token != scene.Launched().waits[1].token);
  scene.Launched().waits[1].result = HookResult::kContinue;
  CHECK(scene.Reconcile().actions.empty());
  scene.Launched().waits[0].result = HookResult::kContinue;
  scene.Act();
  CHECK(scene.Launched().lifecycle == Lifecycle::kPendingProceed);
}

TEST_CASE("a hook that was deleted abandons launches and lets go of terminations", "[scaling]") {
  Scene launching = Waiting(HookResult::kContinue);
  launching.group.hooks.clear();
  CHECK(Terminated(launching.Reconcile()).size() == 1);
  Scene terminating(Hooked(Transition::kTerminating));
  terminating.group.desired = 0;
  terminating.Add("1");
  terminating.Act();
  terminating.group.hooks.clear();
  terminating.Act();
  CHECK(terminating.Find("1")->lifecycle == Lifecycle::kTerminatingProceed);
}

TEST_CASE("a termination hook delays the end and cannot prevent it", "[scaling]") {
  for (const HookResult result : {HookResult::kContinue, HookResult::kAbandon}) {
    Scene scene(Hooked(Transition::kTerminating));
    scene.group.desired = 0;
    scene.Add("1");
    scene.Act();
    CHECK(scene.Find("1")->lifecycle == Lifecycle::kTerminatingWait);
    CHECK(WishFor(scene.group, *scene.Find("1")) == HostWish::kNothing);
    CHECK(scene.Reconcile().actions.empty());
    scene.Find("1")->waits.at(0).result = result;
    scene.Act();
    CHECK(scene.Find("1")->lifecycle == Lifecycle::kTerminatingProceed);
    CHECK(WishFor(scene.group, *scene.Find("1")) == HostWish::kTerminate);
    scene.Find("1")->seen = InstanceState::kTerminated;
    scene.Act();
    CHECK(scene.members.empty());
  }
}

TEST_CASE("a member whose instance is gone is forgotten whatever its hooks say", "[scaling]") {
  Scene scene(Hooked(Transition::kTerminating));
  scene.Add("1");
  Member& waiting = scene.Add("2");
  waiting.lifecycle = Lifecycle::kTerminatingWait;
  waiting.waits.push_back({.hook = "hook",
                           .token = "t",
                           .deadline = kNow + absl::Hours(1),
                           .limit = kNow + absl::Hours(1),
                           .result = std::nullopt});
  waiting.seen = InstanceState::kTerminated;
  scene.Act();
  CHECK(scene.Find("2") == nullptr);
}

TEST_CASE("a warm pool is filled to what the group may still need", "[scaling]") {
  Scene scene(MakeGroup(0, 5, 2));
  scene.group.warm_pool = WarmPool{};
  CHECK(AllOf<Launch>(scene.Act()).size() == 5);
  int warm = 0;
  for (Member& member : scene.members) {
    warm += IsWarm(member.lifecycle) ? 1 : 0;
    member.seen = InstanceState::kRunning;
  }
  CHECK(warm == 3);
  scene.Act();
  for (Member& member : scene.members) {
    if (!IsWarm(member.lifecycle)) continue;
    CHECK(member.lifecycle == Lifecycle::kWarmedPendingProceed);
    CHECK(WishFor(scene.group, member) == HostWish::kStop);
    member.seen = InstanceState::kStopped;
  }
  scene.Act();
  for (const Member& member : scene.members) {
    const bool settled = member.lifecycle == Lifecycle::kWarmedStopped || member.lifecycle == Lifecycle::kInService;
    CHECK(settled);
  }
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("the pool's size follows max_prepared and min_size", "[scaling]") {
  Scene scene(MakeGroup(0, 50, 4));
  for (const char* token : {"1", "3"}) scene.Add(token, "a");
  for (const char* token : {"2", "4"}) scene.Add(token, "b");
  scene.group.warm_pool = WarmPool{.min_size = 0, .max_prepared = 6};
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 2);
  scene.group.warm_pool->min_size = 3;
  CHECK(AllOf<Launch>(scene.Act()).size() == 3);
  scene.group.warm_pool->min_size = 1;
  CHECK(Terminated(scene.Act()).size() == 1);
  scene.group.warm_pool.reset();
  CHECK(Terminated(scene.Act()).size() == 2);
  for (const Member& member : scene.members) {
    const bool right = member.lifecycle == Lifecycle::kInService || member.lifecycle == Lifecycle::kWarmedTerminating;
    CHECK(right);
  }
}

TEST_CASE("a group takes from its pool before it launches", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 2));
  scene.group.warm_pool = WarmPool{.min_size = 0, .max_prepared = 0};
  Member& warm = scene.Add("1");
  warm.lifecycle = Lifecycle::kWarmedStopped;
  warm.seen = InstanceState::kStopped;
  const Plan plan = scene.Act();
  REQUIRE(AllOf<TakeFromPool>(plan).size() == 1);
  CHECK(AllOf<TakeFromPool>(plan)[0].member == "1");
  CHECK(AllOf<Launch>(plan).size() == 1);
  CHECK(scene.Find("1")->lifecycle == Lifecycle::kPending);
  CHECK(WishFor(scene.group, *scene.Find("1")) == HostWish::kRun);
}

TEST_CASE("with reuse on scale-in members go back to the pool", "[scaling]") {
  Scene scene(MakeGroup(0, 2, 1));
  scene.group.warm_pool =
      WarmPool{.min_size = 0, .max_prepared = 2, .state = WarmState::kStopped, .reuse_on_scale_in = true};
  scene.Add("1", "a");
  scene.Add("2", "b");
  const Plan plan = scene.Act();
  CHECK(Terminated(plan).empty());
  REQUIRE(AllOf<ReturnToPool>(plan).size() == 1);
  Member& back = *scene.Find(AllOf<ReturnToPool>(plan)[0].member);
  CHECK(WishFor(scene.group, back) == HostWish::kStop);
  back.seen = InstanceState::kStopped;
  scene.Act();
  CHECK(back.lifecycle == Lifecycle::kWarmedStopped);
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("a member may read where its group takes it", "[scaling]") {
  const auto target = [](Lifecycle at, WarmState pool = WarmState::kStopped) {
    return LifecycleName(TargetOf(at, pool));
  };
  CHECK(target(Lifecycle::kPendingWait) == "InService");
  CHECK(target(Lifecycle::kTerminatingWait) == "Terminated");
  CHECK(target(Lifecycle::kDetaching) == "Detached");
  CHECK(target(Lifecycle::kEnteringStandby) == "Standby");
  CHECK(target(Lifecycle::kWarmedPendingWait) == "Warmed:Stopped");
  CHECK(target(Lifecycle::kWarmedPending, WarmState::kRunning) == "Warmed:Running");
  CHECK(target(Lifecycle::kWarmedTerminatingWait) == "Warmed:Terminated");
}

}  // namespace brume::scaling
