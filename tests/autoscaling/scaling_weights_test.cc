// Groups whose instance types count as several, or are named by what they must have.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/autoscaling/model/scale.h"
#include "lib/ec2/compute/model/instance_requirements.h"
#include "tests/autoscaling/scaling_fixture.h"

namespace brume::scaling {
namespace {

using Tokens = std::vector<std::string>;

// b1.large counts as three, b1.small as one.
Group Weighted(int min, int max, int desired) {
  Group group = MakeGroup(min, max, desired);
  group.instance_types = {"b1.large", "b1.small"};
  group.type_options["b1.large"].weight = 3;
  return group;
}

}  // namespace

TEST_CASE("capacity is counted in weights, and exceeded where no smaller member is preferred", "[scaling]") {
  Scene scene(Weighted(0, 10, 4));
  const Plan plan = scene.Act();
  const std::vector<Launch> launches = AllOf<Launch>(plan);
  REQUIRE(launches.size() == 2);
  CHECK(launches[0].instance_type == "b1.large");
  CHECK(launches[1].cause.ends_with("increasing the capacity from 3 to 6."));
  CHECK(plan.reaches_desired);
  for (Member& member : scene.members) {
    member.lifecycle = Lifecycle::kInService;
    member.in_service = kNow;
    member.seen = InstanceState::kRunning;
  }
  // Six for four: without one of them it would be three.
  const Plan next = scene.Reconcile();
  CHECK(next.actions.empty());
  CHECK(next.blocked.empty());
  CHECK(CountCrowd(scene.group, scene.members, kNow).ready == 6);
}

TEST_CASE("a group never goes below its capacity by taking out a member that counts as many", "[scaling]") {
  Scene scene(Weighted(0, 10, 4));
  scene.Add("large").instance_type = "b1.large";
  scene.Add("one").instance_type = "b1.small";
  scene.Add("two").instance_type = "b1.small";
  scene.Add("three").instance_type = "b1.small";
  // Six for four: two small ones go, never the large one.
  const Tokens gone = Terminated(scene.Reconcile());
  CHECK(gone.size() == 2);
  CHECK(std::find(gone.begin(), gone.end(), "large") == gone.end());
  scene.group.desired = 3;
  CHECK(Terminated(scene.Reconcile()).size() >= 1);
}

TEST_CASE("the maximum is exceeded by less than one member counts as", "[scaling]") {
  Scene scene(Weighted(0, 4, 4));
  scene.group.instance_types = {"b1.large"};
  scene.Act();
  int weight = 0;
  for (const Member& member : scene.members) weight += scene.group.WeightOf(member.instance_type);
  CHECK(weight == 6);
  CHECK(AllOf<Launch>(scene.Reconcile()).empty());
}

TEST_CASE("a type with a launch template of its own is launched from that, and matches it in a refresh", "[scaling]") {
  Scene scene(Weighted(0, 10, 1));
  scene.group.type_options["b1.large"].template_id = "lt-other";
  scene.group.type_options["b1.large"].source = {.is_template = true, .id = "lt-other", .version = 7, .created = kNow};
  scene.Act();
  REQUIRE(scene.members.size() == 1);
  CHECK(scene.members[0].source.id == "lt-other");
  CHECK(scene.members[0].source.version == 7);
  CHECK(scene.group.SourceOf("b1.small").id == scene.group.source.id);
}

TEST_CASE("instance types are found by what they must have, the smallest first", "[scaling]") {
  const InstanceTypeTable types;
  using compute::CountRange;
  using compute::InstanceRequirements;
  using compute::NumberRange;
  const auto found = [&](const InstanceRequirements& requirements) {
    return compute::SelectInstanceTypes(requirements, types);
  };
  using Names = std::vector<std::string>;
  InstanceRequirements small;
  small.v_cpu_count = CountRange{.min = 1, .max = 1};
  small.memory_mi_b = CountRange{.min = 0, .max = 512};
  // As at EC2, a burstable type only for who says so.
  CHECK(found(small) == Names{"b1.tiny", "b1.micro", "b1.small"});
  small.burstable_performance = "required";
  CHECK(found(small) == Names{"t2.nano"});
  small.burstable_performance = "included";
  CHECK(found(small) == Names{"b1.tiny", "b1.micro", "b1.small", "t2.nano"});
  small.excluded_instance_types = {"b1.*"};
  CHECK(found(small) == Names{"t2.nano"});
  small.excluded_instance_types = {"*"};
  CHECK(found(small).empty());
  InstanceRequirements allowed;
  allowed.v_cpu_count = CountRange{.min = 0, .max = {}};
  allowed.memory_mi_b = CountRange{.min = 0, .max = {}};
  allowed.allowed_instance_types = {"m5.l*e", "t3a.nano"};
  CHECK(found(allowed) == Names{"m5.large"});
  allowed.burstable_performance = "included";
  CHECK(found(allowed) == Names{"t3a.nano", "m5.large"});
  allowed.cpu_manufacturers = {"amd"};
  CHECK(found(allowed) == Names{"t3a.nano"});
  allowed.cpu_manufacturers = {};
  allowed.memory_gi_b_per_v_cpu = NumberRange{.min = 4.0, .max = 4.0};
  CHECK(found(allowed) == Names{"m5.large"});
  // What none of them has.
  for (const auto& ask : std::vector<void (*)(InstanceRequirements&)>{
           [](InstanceRequirements& r) { r.bare_metal = "required"; },
           [](InstanceRequirements& r) { r.burstable_performance = "required"; },  // of the m5 that is left
           [](InstanceRequirements& r) { r.local_storage = "required"; },
           [](InstanceRequirements& r) { r.network_interface_count = CountRange{.min = 4, .max = {}}; },
           [](InstanceRequirements& r) { r.total_local_storage_g_b = NumberRange{.min = 0.5, .max = {}}; },
           [](InstanceRequirements& r) { r.accelerator_total_memory_mi_b = CountRange{.min = 1, .max = {}}; },
           [](InstanceRequirements& r) { r.accelerator_count = CountRange{.min = 1, .max = {}}; },
           [](InstanceRequirements& r) { r.instance_generations = {"previous"}; }}) {
    InstanceRequirements more = allowed;
    ask(more);
    CHECK(found(more).empty());
  }
  allowed.require_hibernate_support = true;
  allowed.network_interface_count = CountRange{.min = 3, .max = 3};
  allowed.accelerator_count = CountRange{.min = {}, .max = 0};
  allowed.bare_metal = "excluded";
  allowed.instance_generations = {"current"};
  CHECK(found(allowed) == Names{"m5.large"});
}

TEST_CASE("a maintenance policy says how many members are replaced at once", "[scaling]") {
  Scene scene(MakeGroup(0, 20, 10));
  for (int i = 0; i < 10; ++i) scene.Add("m" + std::to_string(i), i % 2 == 0 ? "a" : "b");
  scene.group.max_lifetime = absl::Hours(1);
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 1);  // EC2's own margin is a tenth
  scene.group.maintenance = MaintenancePolicy{.min_healthy_percent = 100, .max_healthy_percent = 150};
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 5);
  scene.group.maintenance = MaintenancePolicy{.min_healthy_percent = 70, .max_healthy_percent = 100};
  CHECK(AllOf<Launch>(scene.Reconcile()).size() == 3);
}

}  // namespace brume::scaling
