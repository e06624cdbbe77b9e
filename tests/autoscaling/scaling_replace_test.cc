// Members that are replaced: unhealthy, too old, or in the wrong zone.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "tests/autoscaling/scaling_fixture.h"

namespace brume::scaling {
namespace {

using Tokens = std::vector<std::string>;

// The latest launch has come into service.
void Arrive(Scene& scene) {
  Member& member = scene.Launched();
  member.instance = InstanceId::FromTrusted("i-new");
  member.seen = InstanceState::kRunning;
  scene.Act();
}

}  // namespace

TEST_CASE("a guest that is off is replaced in the same evaluation", "[scaling]") {
  Scene scene(MakeGroup(1, 2, 2));
  scene.Add("1", "a");
  for (const InstanceState state :
       {InstanceState::kStopping, InstanceState::kStopped, InstanceState::kShuttingDown, InstanceState::kTerminated}) {
    Scene each = scene;
    each.Add("2", "b").seen = state;
    const Plan plan = each.Reconcile();
    CHECK(Terminated(plan) == Tokens{"2"});
    REQUIRE(AllOf<Launch>(plan).size() == 1);
    CHECK(AllOf<Launch>(plan)[0].zone == 1);
    CHECK(absl::StrContains(AllOf<Terminate>(plan)[0].cause,
                            "taken out of service in response to an EC2 health check indicating it has been terminated "
                            "or stopped.  At 2027-01-15T08:00:00Z instance i-2 was selected for termination."));
    CHECK(absl::StrContains(AllOf<Launch>(plan)[0].cause, "launched in response to an unhealthy instance"));
  }
}

TEST_CASE("a failed status check counts when it lasts and the grace period is over", "[scaling]") {
  Scene scene(MakeGroup(1, 1, 1));
  scene.group.health_check_grace = absl::Minutes(5);
  Member& member = scene.Add("1");
  member.in_service = kNow - absl::Minutes(4);
  member.impaired_since = kNow - absl::Minutes(3);
  CHECK(scene.Reconcile().actions.empty());
  CHECK(scene.Reconcile().next_reconcile == kNow + absl::Minutes(1));
  scene.now += absl::Minutes(1);
  CHECK(Terminated(scene.Reconcile()) == Tokens{"1"});
  scene.members[0].impaired_since = scene.now - absl::Minutes(1);
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("health that SetInstanceHealth took away is believed at once", "[scaling]") {
  Scene scene(MakeGroup(1, 1, 1));
  scene.group.health_check_grace = absl::Hours(100);
  scene.Add("1").health = Health::kUnhealthy;
  CHECK(absl::StrContains(AllOf<Terminate>(scene.Reconcile()).at(0).cause, "in response to a user health-check."));
}

TEST_CASE("suspended HealthCheck or ReplaceUnhealthy leave a dead guest where it is", "[scaling]") {
  for (const Process process : {Process::kHealthCheck, Process::kReplaceUnhealthy}) {
    Scene scene(MakeGroup(1, 1, 1));
    scene.Add("1").seen = InstanceState::kStopped;
    scene.group.suspended.Add(process);
    CHECK(scene.Reconcile().actions.empty());
    scene.group.suspended.Remove(process);
    CHECK_FALSE(scene.Reconcile().actions.empty());
  }
}

TEST_CASE("protection from scale-in protects from nothing else", "[scaling]") {
  Scene scene(MakeGroup(1, 1, 1));
  Member& member = scene.Add("1");
  member.protected_from_scale_in = true;
  member.seen = InstanceState::kStopped;
  CHECK(Terminated(scene.Reconcile()) == Tokens{"1"});
}

TEST_CASE("guests that die young again and again are replaced ever more slowly", "[scaling]") {
  Scene scene(MakeGroup(1, 1, 1));
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 5; ++i) {
    const absl::Time before = scene.now;
    while (AllOf<Launch>(scene.Reconcile()).empty()) {
      scene.Act();
      scene.now = scene.Reconcile().next_reconcile;
    }
    scene.Act();
    waits.push_back(scene.now - before);
    Arrive(scene);
    scene.now += absl::Seconds(1);
    scene.Launched().seen = InstanceState::kTerminated;
  }
  CHECK(waits == std::vector<absl::Duration>{absl::ZeroDuration(), absl::ZeroDuration(), absl::Seconds(10),
                                             absl::Seconds(20), absl::Seconds(40)});
}

TEST_CASE("guests that die together are one failure, and old ones are none", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 3));
  for (const char* token : {"1", "2", "3"}) scene.Add(token).seen = InstanceState::kTerminated;
  scene.Act();
  CHECK(scene.state.launches.failures == 0);
  for (Member& member : scene.members) {
    member.lifecycle = Lifecycle::kInService;
    member.seen = InstanceState::kTerminated;
  }
  scene.now += absl::Seconds(1);
  CHECK(AllOf<Launch>(scene.Act()).size() == 3);
  CHECK(scene.state.launches.failures == 1);
}

TEST_CASE("a member whose launch came to nothing makes room for another try elsewhere", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 1));
  scene.Act();
  CHECK(scene.Launched().zone == "a");
  scene.Launched().seen = InstanceState::kTerminated;
  const Plan plan = scene.Act();
  REQUIRE(AllOf<Evict>(plan).size() == 1);
  CHECK(AllOf<Evict>(plan)[0].launch_failed);
  CHECK(scene.state.refusals.at(0).zone == "a");
  CHECK(AllOf<Launch>(plan).at(0).zone == 1);
  CHECK(scene.state.launches.failures == 1);
}

TEST_CASE("a member past its lifetime goes when its replacement is in service", "[scaling]") {
  Scene scene(MakeGroup(1, 3, 2));
  scene.group.max_lifetime = absl::Hours(30);
  scene.Add("1", "a").launched = kNow - absl::Hours(31);
  scene.Add("2", "b").launched = kNow - absl::Hours(32);
  const Plan plan = scene.Act();
  CHECK(Terminated(plan).empty());
  REQUIRE(AllOf<Launch>(plan).size() == 1);
  CHECK(AllOf<Launch>(plan)[0].replaces == "2");
  CHECK(AllOf<Launch>(plan)[0].zone == 1);
  CHECK(scene.Reconcile().actions.empty());
  Arrive(scene);
  CHECK(scene.Find("2")->lifecycle == Lifecycle::kInService);
  const Plan next = scene.Act();
  CHECK(Terminated(next) == Tokens{"2"});
  // The next one's turn.
  CHECK(AllOf<Launch>(next).at(0).replaces == "1");
}

TEST_CASE("a full group replaces by taking out first and never exceeds its maximum", "[scaling]") {
  Scene scene(MakeGroup(1, 2, 2));
  scene.group.max_lifetime = absl::Hours(1);
  scene.Add("1", "a");
  scene.Add("2", "b");
  CHECK(Terminated(scene.Act()).size() == 1);
  const Plan plan = scene.Act();
  CHECK(Terminated(plan).empty());
  CHECK(AllOf<Launch>(plan).size() == 1);
}

TEST_CASE("a member whose own replacement fails stays in service", "[scaling]") {
  Scene scene(MakeGroup(1, 3, 1));
  scene.group.max_lifetime = absl::Hours(1);
  scene.Add("1");
  scene.Act();
  scene.Launched().seen = InstanceState::kTerminated;
  const Plan plan = scene.Act();
  CHECK(Terminated(plan).empty());
  CHECK(scene.Find("1")->lifecycle == Lifecycle::kInService);
}

TEST_CASE("a replacement takes the place of a member that died while it was coming", "[scaling]") {
  Scene scene(MakeGroup(1, 3, 1));
  scene.group.max_lifetime = absl::Hours(1);
  scene.Add("1");
  scene.Act();
  scene.Find("1")->seen = InstanceState::kTerminated;
  const Plan plan = scene.Act();
  CHECK(Terminated(plan) == Tokens{"1"});
  CHECK(AllOf<Launch>(plan).empty());
  CHECK(plan.reaches_desired);
}

TEST_CASE("a group that leans to one zone is balanced without falling below its capacity", "[scaling]") {
  Scene scene(MakeGroup(1, 10, 4));
  for (const char* token : {"1", "2", "3", "4"}) scene.Add(token, "a");
  scene.members[2].launched += absl::Hours(1);
  const Plan plan = scene.Act();
  REQUIRE(AllOf<Launch>(plan).size() == 1);
  CHECK(AllOf<Launch>(plan)[0].zone == 1);
  CHECK(AllOf<Launch>(plan)[0].replaces == "3");
  CHECK(absl::StrContains(AllOf<Launch>(plan)[0].cause,
                          "availability zones a b had 4 0 instances respectively.  An instance was launched to aid in "
                          "balancing the group's zones."));
  for (int i = 0; i < 20; ++i) {
    for (Member& member : scene.members) {
      member.seen = IsTerminating(member.lifecycle) ? InstanceState::kTerminated : InstanceState::kRunning;
    }
    scene.now += absl::Minutes(1);
    scene.Act();
    int in_service = 0;
    for (const Member& member : scene.members) in_service += member.lifecycle == Lifecycle::kInService ? 1 : 0;
    CHECK(in_service >= 4);
  }
  CHECK(scene.members.size() == 4);
  int in_a = 0;
  for (const Member& member : scene.members) in_a += member.zone == "a" ? 1 : 0;
  CHECK(in_a == 2);
}

TEST_CASE("a member moves to the zone where it weighs least", "[scaling]") {
  Scene scene(MakeGroup(1, 10, 5, {"a", "b", "c"}));
  scene.group.zones[1].weight = 2;
  const char* const zones[] = {"a", "b", "b", "c", "c"};
  for (int i = 0; i < 5; ++i) scene.Add(std::to_string(i), zones[i]);
  const Plan plan = scene.Reconcile();
  REQUIRE(AllOf<Launch>(plan).size() == 1);
  CHECK(AllOf<Launch>(plan)[0].zone == 1);
  CHECK(scene.Find(AllOf<Launch>(plan)[0].replaces)->zone == "c");
}

TEST_CASE("a difference of one between zones is balance, and a suspended AZRebalance leaves any", "[scaling]") {
  Scene scene(MakeGroup(1, 10, 3));
  scene.Add("1", "a");
  scene.Add("2", "a");
  scene.Add("3", "b");
  CHECK(scene.Reconcile().actions.empty());
  scene.group.desired = 4;
  scene.Add("4", "a");
  CHECK_FALSE(scene.Reconcile().actions.empty());
  scene.group.suspended.Add(Process::kAzRebalance);
  CHECK(scene.Reconcile().actions.empty());
}

TEST_CASE("members in a zone that the group has left are moved", "[scaling]") {
  Scene scene(MakeGroup(1, 10, 1, {"b"}));
  scene.Add("1", "a");
  const Plan plan = scene.Reconcile();
  CHECK(AllOf<Launch>(plan).at(0).replaces == "1");
}

TEST_CASE("protected members are neither moved nor replaced for their age", "[scaling]") {
  Scene scene(MakeGroup(1, 10, 2));
  scene.group.max_lifetime = absl::Hours(1);
  for (const char* token : {"1", "2"}) scene.Add(token, "a").protected_from_scale_in = true;
  CHECK(scene.Reconcile().actions.empty());
  scene.members[0].protected_from_scale_in = false;
  CHECK_FALSE(scene.Reconcile().actions.empty());
}

}  // namespace brume::scaling
