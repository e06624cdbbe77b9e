#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/resource/ec2_error.h"
#include "tests/autoscaling/scaling_fixture.h"

namespace brume::scaling {

using Tokens = std::vector<std::string>;

TEST_CASE("what is missing is launched, zone by zone, with a cause in EC2's words", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 3));
  scene.Add("1", "a");
  scene.state.why = UpdatedConstraints(kNow, "a user request", 0, 10, 3, 1);
  const Plan plan = scene.Reconcile();
  const std::vector<Launch> launches = AllOf<Launch>(plan);
  REQUIRE(launches.size() == 2);
  CHECK(launches[0].zone == 1);
  CHECK(launches[1].zone == 0);
  CHECK(launches[0].cause ==
        "At 2027-01-15T08:00:00Z a user request update of AutoScalingGroup constraints to min: 0, max: 10, desired: 3 "
        "changing the desired capacity from 1 to 3.  At 2027-01-15T08:00:00Z an instance was started in response to a "
        "difference between desired and actual capacity, increasing the capacity from 1 to 2.");
  CHECK(plan.reaches_desired);
  scene.Act();
  CHECK(scene.state.why.empty());
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("the same state gives the same plan with the same tokens", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 4));
  const std::vector<Launch> once = AllOf<Launch>(scene.Reconcile());
  const std::vector<Launch> again = AllOf<Launch>(scene.Reconcile());
  REQUIRE(once.size() == 4);
  std::set<std::string> tokens;
  for (size_t i = 0; i < once.size(); ++i) {
    CHECK(once[i].token == again[i].token);
    tokens.insert(once[i].token);
  }
  CHECK(tokens.size() == 4);
  CHECK(once[0].token == "01234567-89ab-4cde-8f01-000000000001");
  scene.Act();
  scene.group.desired = 5;
  CHECK(AllOf<Launch>(scene.Reconcile()).at(0).token == "01234567-89ab-4cde-8f01-000000000005");
}

TEST_CASE("weights of zones give each its share", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 9));
  scene.group.zones[1].weight = 2;
  scene.Act();
  int in_b = 0;
  for (const Member& member : scene.members) in_b += member.zone == "b" ? 1 : 0;
  CHECK(in_b == 6);
  for (Member& member : scene.members) {
    member.lifecycle = Lifecycle::kInService;
    member.seen = InstanceState::kRunning;
  }
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("a zone and type that refused a launch are avoided, unless all did", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 1));
  scene.group.instance_types = {"b1.large", "b1.small"};
  scene.state.refusals = {{"a", "b1.large", kNow + absl::Minutes(1)}};
  CHECK(AllOf<Launch>(scene.Reconcile()).at(0).zone == 0);
  CHECK(AllOf<Launch>(scene.Reconcile()).at(0).instance_type == "b1.small");
  scene.state.refusals.push_back({"a", "b1.small", kNow + absl::Minutes(1)});
  CHECK(AllOf<Launch>(scene.Reconcile()).at(0).zone == 1);
  CHECK(AllOf<Launch>(scene.Reconcile()).at(0).instance_type == "b1.large");
  scene.state.refusals.push_back({"b", "b1.small", kNow + absl::Minutes(1)});
  scene.state.refusals.push_back({"b", "b1.large", kNow + absl::Minutes(1)});
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 1);
  scene.now += absl::Minutes(1);
  CHECK(AllOf<Launch>(scene.Reconcile()).at(0).zone == 0);
}

TEST_CASE("launches that fail one after another are tried ever more slowly", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 1));
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 10; ++i) {
    const absl::Time before = scene.now;
    while (AllOf<Launch>(scene.Reconcile()).empty()) {
      CHECK(absl::StrContains(scene.Reconcile().blocked, "launches failed"));
      scene.now = scene.Reconcile().next_reconcile;
    }
    waits.push_back(scene.now - before);
    scene.Act();
    scene.now += absl::Seconds(1);
    NoteRefusedLaunch(scene.Launched().token, scene.now, scene.state, scene.members);
    CHECK(scene.members.empty());
  }
  CHECK(waits[0] == absl::ZeroDuration());
  CHECK(waits[1] == absl::ZeroDuration());
  CHECK(waits[2] == absl::Seconds(10));
  CHECK(waits[3] == absl::Seconds(20));
  CHECK(waits[9] == absl::Minutes(10));
}

TEST_CASE("a group above its capacity takes out no more than it must", "[scaling]") {
  Scene scene(MakeGroup(1, 10, 2));
  for (const char* token : {"1", "2", "3"}) scene.Add(token, "a");
  scene.Add("4", "b").protected_from_scale_in = true;
  const Plan plan = scene.Act();
  CHECK(Terminated(plan).size() == 2);
  CHECK(absl::StrContains(AllOf<Terminate>(plan)[0].cause, "shrinking the capacity from 4 to 3."));
  CHECK(scene.Find("4")->lifecycle == Lifecycle::kInService);
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("a group of protected members stays too large and says why", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 0));
  scene.Add("1").protected_from_scale_in = true;
  const Plan plan = scene.Reconcile();
  CHECK(plan.actions.empty());
  CHECK(plan.blocked ==
        "Could not scale to desired capacity because all remaining instances are protected from scale-in.");
  CHECK_FALSE(plan.reaches_desired);
}

TEST_CASE("a desired capacity outside of the bounds is taken as the nearest within", "[scaling]") {
  Scene scene(MakeGroup(2, 3, 9));
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 3);
  scene.group.desired = 0;
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 2);
}

TEST_CASE("a suspended Launch or Terminate holds the group where it is", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 2));
  scene.Add("1");
  scene.group.suspended.Add(Process::kLaunch);
  CHECK(scene.Reconcile().actions.empty());
  CHECK(scene.Reconcile().blocked == "The process Launch is suspended.");
  scene.group.desired = 0;
  scene.group.suspended.Add(Process::kTerminate);
  CHECK(scene.Reconcile().actions.empty());
  CHECK(scene.Reconcile().blocked == "The process Terminate is suspended.");
  scene.group.suspended.Remove(Process::kTerminate);
  CHECK(Terminated(scene.Reconcile()) == Tokens{"1"});
}

TEST_CASE("members in standby, detached or leaving count towards nothing", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 1));
  scene.Add("1");
  scene.Add("2").lifecycle = Lifecycle::kStandby;
  scene.Add("3").lifecycle = Lifecycle::kTerminatingProceed;
  CHECK(scene.Reconcile().actions.empty());
  scene.Add("4").lifecycle = Lifecycle::kEnteringStandby;
  scene.Add("5").lifecycle = Lifecycle::kDetaching;
  scene.Act();
  CHECK(scene.Find("4")->lifecycle == Lifecycle::kStandby);
  CHECK(scene.Find("5") == nullptr);
}

TEST_CASE("a group without a subnet launches nothing and says so", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 1, {}));
  CHECK(scene.Reconcile().actions.empty());
  CHECK(scene.Reconcile().blocked == "The group has no subnet.");
}

TEST_CASE("names of states, processes and policies are read as they are written", "[scaling]") {
  CHECK(LifecycleName(Lifecycle::kPendingWait) == "Pending:Wait");
  CHECK(LifecycleName(Lifecycle::kInService) == "InService");
  CHECK(LifecycleName(Lifecycle::kWarmedTerminated) == "Warmed:Terminated");
  for (const auto state : {WarmState::kStopped, WarmState::kRunning, WarmState::kHibernated}) {
    CHECK(ParseWarmState(WarmStateName(state)).value() == state);
  }
  for (const auto transition : {Transition::kLaunching, Transition::kTerminating}) {
    CHECK(ParseTransition(TransitionName(transition)).value() == transition);
  }
  CHECK(ParseHookResult("ABANDON").value() == HookResult::kAbandon);
  CHECK(ParseHealth(HealthName(Health::kUnhealthy)).value() == Health::kUnhealthy);
  CHECK(ec2::ErrorCode(ParseHookResult("Continue").status()) == "ValidationError");
  for (const Process process : kAllProcesses) CHECK(ParseProcess(ProcessName(process)).value() == process);
  CHECK(ParseTerminationPolicy("OldestInstance").value() == TerminationPolicy::kOldestInstance);
  CHECK(ec2::ErrorCode(ParseProcess("Sleep").status()) == "ValidationError");
  CHECK(ec2::ErrorCode(ParseTerminationPolicy("Oldest").status()) == "ValidationError");
}

}  // namespace brume::scaling
