// Which member goes.
#include <catch2/catch.hpp>
#include <string>

#include "tests/autoscaling/scaling_fixture.h"

namespace brume::scaling {
namespace {

using Tokens = std::vector<std::string>;

// A group of one zone that has one member too many for its policies to choose.
struct Choice : Scene {
  explicit Choice(std::vector<TerminationPolicy> policies) : Scene(MakeGroup(0, 10, 2, {"a"})) {
    group.termination_policies = std::move(policies);
    for (const char* token : {"1", "2", "3"}) Add(token);
  }
  std::string Victim() {
    const Tokens victims = Terminated(Reconcile());
    REQUIRE(victims.size() == 1);
    return victims[0];
  }
};

LaunchSource Configuration(absl::Time created) {
  return {.is_template = false, .id = "lc", .version = 0, .created = created};
}

}  // namespace

TEST_CASE("the fullest zone gives a member up before any policy is asked", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 2));
  scene.group.termination_policies = {TerminationPolicy::kOldestInstance};
  scene.Add("1", "a").launched -= absl::Hours(10);
  scene.Add("2", "b");
  scene.Add("3", "b").launched -= absl::Hours(1);
  CHECK(Terminated(scene.Reconcile()) == Tokens{"3"});
  scene.group.zones[1].weight = 3;
  CHECK(Terminated(scene.Reconcile()) == Tokens{"1"});
}

TEST_CASE("of a full zone whose members are protected nothing is asked", "[scaling]") {
  Scene scene(MakeGroup(0, 10, 2));
  scene.Add("1", "a");
  scene.Add("2", "b").protected_from_scale_in = true;
  scene.Add("3", "b").protected_from_scale_in = true;
  CHECK(Terminated(scene.Reconcile()) == Tokens{"1"});
}

TEST_CASE("OldestInstance and NewestInstance go by the launch", "[scaling]") {
  Choice oldest({TerminationPolicy::kOldestInstance});
  oldest.members[1].launched -= absl::Hours(1);
  CHECK(oldest.Victim() == "2");
  Choice newest({TerminationPolicy::kNewestInstance});
  newest.members[2].launched += absl::Hours(1);
  CHECK(newest.Victim() == "3");
}

TEST_CASE("OldestLaunchTemplate takes other templates first, then the oldest version", "[scaling]") {
  Choice choice({TerminationPolicy::kOldestLaunchTemplate});
  choice.members[0].source.version = 3;
  choice.members[1].source.version = 2;
  choice.members[2].source.version = 4;
  CHECK(choice.Victim() == "2");
  choice.members[2].source.id = "lt-other";
  CHECK(choice.Victim() == "3");
}

TEST_CASE("OldestLaunchConfiguration takes the configuration made first", "[scaling]") {
  Choice choice({TerminationPolicy::kOldestLaunchConfiguration});
  choice.members[0].source = Configuration(kNow - absl::Hours(1));
  choice.members[1].source = Configuration(kNow - absl::Hours(2));
  CHECK(choice.Victim() == "2");
}

TEST_CASE("ClosestToNextInstanceHour takes the one whose hour is nearly over", "[scaling]") {
  Choice choice({TerminationPolicy::kClosestToNextInstanceHour});
  choice.members[0].launched = kNow - absl::Minutes(10);
  choice.members[1].launched = kNow - absl::Minutes(170);
  choice.members[2].launched = kNow - absl::Minutes(61);
  CHECK(choice.Victim() == "2");
}

TEST_CASE("AllocationStrategy takes the type that is least preferred", "[scaling]") {
  Choice choice({TerminationPolicy::kAllocationStrategy});
  choice.group.instance_types = {"b1.large", "b1.small"};
  choice.members[0].instance_type = "b1.large";
  choice.members[1].instance_type = "b1.small";
  choice.members[2].instance_type = "b1.large";
  CHECK(choice.Victim() == "2");
  choice.members[2].instance_type = "b1.forgotten";
  CHECK(choice.Victim() == "3");
}

TEST_CASE("Default asks for strategy, then source, then the hour", "[scaling]") {
  Choice choice({TerminationPolicy::kDefault});
  choice.members[2].launched = kNow - absl::Minutes(59);
  CHECK(choice.Victim() == "3");
  choice.members[1].source.version = 0;
  CHECK(choice.Victim() == "2");
  choice.members[0].source = Configuration(kNow);
  CHECK(choice.Victim() == "1");
  choice.group.instance_types = {"b1.large", "b1.small"};
  for (Member& member : choice.members) member.instance_type = "b1.large";
  choice.members[2].instance_type = "b1.small";
  CHECK(choice.Victim() == "3");
}

TEST_CASE("a policy that leaves several asks the next one, and the oldest goes at last", "[scaling]") {
  Choice choice({TerminationPolicy::kOldestLaunchTemplate, TerminationPolicy::kNewestInstance});
  choice.members[0].launched += absl::Minutes(1);
  choice.members[1].launched += absl::Minutes(2);
  choice.members[2].source.version = 2;
  CHECK(choice.Victim() == "2");
  choice.group.termination_policies = {TerminationPolicy::kOldestLaunchTemplate};
  CHECK(choice.Victim() == "1");
}

}  // namespace brume::scaling
