// Mixed instances policies, maintenance policies and metric maths of groups, as a caller sees them.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/instance_refresh.pb.h"
#include "brume/autoscaling/v1/member.pb.h"
#include "brume/autoscaling/v1/policy.pb.h"
#include "tests/autoscaling/scaling_api_fixture.h"

namespace brume {
namespace {

// A second template beside "web".
std::string MakeTemplate(ScalingApiWorld& world, const std::string& name) {
  const auto made = world.Ask<ec2::v1::CreateLaunchTemplateResponse, ec2::v1::CreateLaunchTemplateRequest>(
      absl::StrCat("launch_template_name: '", name, "' launch_template_data { image_id: '", world.image.text(),
                   "' instance_type: 'b1.tiny' }"));
  return made.launch_template().launch_template_id();
}

std::string Mixed(const std::string& overrides, const std::string& distribution = "") {
  return absl::StrCat(
      "mixed_instances_policy { launch_template { launch_template_specification { "
      "launch_template_name: 'web' version: '$Latest' } ",
      overrides, " } ", distribution, " } ");
}

}  // namespace

TEST_CASE("an override may have a launch template of its own, from which its type is launched", "[scaling_api]") {
  ScalingApiWorld world;
  const std::string other = MakeTemplate(world, "other");
  world.CreateGroup("mixed", "min_size: 1 max_size: 2 " +
                                 Mixed("overrides { instance_type: 'b1.small' launch_template_specification { "
                                       "launch_template_name: 'other' version: '1' } } "
                                       "overrides { instance_type: 'b1.tiny' }"));
  const auto group = world.WaitInService("mixed", 1);
  const auto& launched = group.mixed_instances_policy().launch_template();
  REQUIRE(launched.overrides_size() == 2);
  CHECK(launched.launch_template_specification().launch_template_id() == world.template_id);
  CHECK(launched.overrides(0).launch_template_specification().launch_template_id() == other);
  CHECK(launched.overrides(0).launch_template_specification().launch_template_name() == "other");
  CHECK(launched.overrides(0).launch_template_specification().version() == "1");
  CHECK_FALSE(launched.overrides(1).has_launch_template_specification());
  CHECK(group.instances(0).instance_type() == "b1.small");
  CHECK(group.instances(0).launch_template().launch_template_id() == other);
  CHECK_FALSE(group.instances(0).has_weighted_capacity());
}

TEST_CASE("a mixed group is shown with EC2's defaults, and what was given of them stays", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("plain", "min_size: 0 max_size: 2 " + Mixed("overrides { instance_type: 'b1.small' }"));
  const auto plain = world.Group("plain").mixed_instances_policy().instances_distribution();
  CHECK(plain.on_demand_allocation_strategy() == "prioritized");
  CHECK(plain.on_demand_base_capacity() == 0);
  CHECK(plain.on_demand_percentage_above_base_capacity() == 100);
  CHECK(plain.spot_allocation_strategy() == "lowest-price");
  CHECK(plain.spot_instance_pools() == 2);
  CHECK_FALSE(plain.has_spot_max_price());
  for (const char* strategy : {"capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized"}) {
    REQUIRE_OK(
        world.Do("UpdateAutoScalingGroup",
                 absl::StrCat("auto_scaling_group_name: 'plain' ",
                              Mixed("overrides { instance_type: 'b1.small' }",
                                    absl::StrCat("instances_distribution { spot_allocation_strategy: '", strategy,
                                                 "' on_demand_percentage_above_base_capacity: 0 }")))));
    const auto shown = world.Group("plain").mixed_instances_policy().instances_distribution();
    CHECK(shown.spot_allocation_strategy() == strategy);
    CHECK(shown.on_demand_percentage_above_base_capacity() == 0);
    CHECK_FALSE(shown.has_spot_instance_pools());
  }
}

TEST_CASE("weights count towards the sizes, and members show theirs", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("heavy", "min_size: 0 max_size: 10 desired_capacity: 4 " +
                                 Mixed("overrides { instance_type: 'b1.small' weighted_capacity: '2' } "
                                       "overrides { instance_type: 'b1.tiny' weighted_capacity: '1' }"));
  const auto group = world.WaitInService("heavy", 2);
  CHECK(group.instances_size() == 2);
  CHECK(group.desired_capacity() == 4);
  CHECK(group.instances(0).weighted_capacity() == "2");
  const std::string id = group.instances(0).instance_id();
  const auto shown = world.Ask<autoscaling::v1::DescribeAutoScalingInstancesResponse,
                               autoscaling::v1::DescribeAutoScalingInstancesRequest>("instance_ids: '" + id + "'");
  REQUIRE(shown.auto_scaling_instances_size() == 1);
  CHECK(shown.auto_scaling_instances(0).weighted_capacity() == "2");
  // A member that goes takes what it counts as with it.
  REQUIRE_OK(world.Do("TerminateInstanceInAutoScalingGroup",
                      absl::StrCat("instance_id: '", id, "' should_decrement_desired_capacity: true")));
  CHECK(world.Group("heavy").desired_capacity() == 2);
}

TEST_CASE("instance types may be named by what they must have", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup(
      "any", "min_size: 1 max_size: 2 " + Mixed("overrides { instance_requirements { v_cpu_count { min: 1 max: 1 } "
                                                "memory_mi_b { min: 200 max: 512 } memory_gi_b_per_v_cpu { min: 0.1 } "
                                                "excluded_instance_types: 't*' } }"));
  const auto group = world.WaitInService("any", 1);
  CHECK(group.instances(0).instance_type() == "b1.micro");
  const auto& shown = group.mixed_instances_policy().launch_template().overrides(0);
  CHECK_FALSE(shown.has_instance_type());
  CHECK(shown.instance_requirements().v_cpu_count().max() == 1);
  CHECK(shown.instance_requirements().memory_mi_b().min() == 200);
  CHECK(shown.instance_requirements().memory_gi_b_per_v_cpu().min() == 0.1);
  CHECK(shown.instance_requirements().excluded_instance_types(0) == "t*");
  CHECK(group.mixed_instances_policy().instances_distribution().on_demand_allocation_strategy() == "lowest-price");
}

TEST_CASE("a group shows how it is maintained, and takes what it was given back", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web",
                    "min_size: 0 max_size: 2 instance_maintenance_policy { min_healthy_percentage: 90 "
                    "max_healthy_percentage: 120 } availability_zone_distribution { capacity_distribution_strategy: "
                    "'balanced-best-effort' } availability_zone_impairment_policy { zonal_shift_enabled: false } "
                    "capacity_reservation_specification { capacity_reservation_preference: 'default' } "
                    "skip_zonal_shift_validation: true");
  auto group = world.Group("web");
  CHECK(group.instance_maintenance_policy().min_healthy_percentage() == 90);
  CHECK(group.instance_maintenance_policy().max_healthy_percentage() == 120);
  CHECK(group.availability_zone_distribution().capacity_distribution_strategy() == "balanced-best-effort");
  CHECK_FALSE(group.availability_zone_impairment_policy().zonal_shift_enabled());
  CHECK(group.capacity_reservation_specification().capacity_reservation_preference() == "default");
  CHECK(group.service_linked_role_arn() ==
        "arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling");
  REQUIRE_OK(world.Do("UpdateAutoScalingGroup",
                      "auto_scaling_group_name: 'web' instance_maintenance_policy { min_healthy_percentage: -1 "
                      "max_healthy_percentage: -1 } service_linked_role_arn: 'arn:aws:iam::000000000000:role/own'"));
  group = world.Group("web");
  CHECK_FALSE(group.has_instance_maintenance_policy());
  CHECK(group.service_linked_role_arn() == "arn:aws:iam::000000000000:role/own");
}

TEST_CASE("a refresh keeps its preferences, and those it is not given are the group's", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web",
                    "min_size: 0 max_size: 2 instance_maintenance_policy { min_healthy_percentage: 80 "
                    "max_healthy_percentage: 150 }");
  const auto shown = [&] {
    return world
        .Ask<autoscaling::v1::DescribeInstanceRefreshesResponse, autoscaling::v1::DescribeInstanceRefreshesRequest>(
            "auto_scaling_group_name: 'web'")
        .instance_refreshes(0)
        .preferences();
  };
  REQUIRE_OK(world.Do("StartInstanceRefresh", "auto_scaling_group_name: 'web'"));
  CHECK(shown().min_healthy_percentage() == 80);
  CHECK(shown().max_healthy_percentage() == 150);
  CHECK(shown().scale_in_protected_instances() == "Wait");
  CHECK(shown().standby_instances() == "Wait");
  REQUIRE_OK(world.Do("CancelInstanceRefresh", "auto_scaling_group_name: 'web'"));
  REQUIRE_OK(world.scaling_loop.Reconcile("web").status());
  world.clock.Advance(absl::Seconds(1));
  REQUIRE_OK(world.Do("StartInstanceRefresh",
                      "auto_scaling_group_name: 'web' preferences { min_healthy_percentage: 100 "
                      "max_healthy_percentage: 110 scale_in_protected_instances: 'Refresh' standby_instances: 'Ignore' "
                      "alarm_specification { } }"));
  CHECK(shown().min_healthy_percentage() == 100);
  CHECK(shown().max_healthy_percentage() == 110);
  CHECK(shown().scale_in_protected_instances() == "Refresh");
  CHECK(shown().standby_instances() == "Ignore");
}

TEST_CASE("a refresh may bring a group to a mixed instances policy, shows it, and takes it back", "[scaling_api]") {
  ScalingApiWorld world;
  const std::string other = MakeTemplate(world, "other");
  world.CreateGroup("web", "min_size: 1 max_size: 3 desired_capacity: 1");
  world.WaitInService("web", 1);
  world.clock.Advance(absl::Seconds(1));
  const std::string of_web = "auto_scaling_group_name: 'web' ";
  const std::string mixed =
      "mixed_instances_policy { launch_template { launch_template_specification { launch_template_name: 'web' version: "
      "'1' } overrides { instance_type: 'b1.small' } overrides { instance_type: 'b1.micro' "
      "launch_template_specification { launch_template_name: 'other' version: '1' } } } }";
  CHECK(ec2::ErrorCode(world.Do("StartInstanceRefresh",
                                absl::StrCat(of_web, "desired_configuration { ", mixed,
                                             " launch_template { launch_template_name: 'web' version: '1' } }"))) ==
        "ValidationError");
  REQUIRE_OK(world.Do("StartInstanceRefresh",
                      absl::StrCat(of_web, "desired_configuration { ", mixed,
                                   " } preferences { auto_rollback: true skip_matching: true min_healthy_percentage: 0 "
                                   "checkpoint_percentages: [100] }")));
  const auto refresh = [&] {
    return world
        .Ask<autoscaling::v1::DescribeInstanceRefreshesResponse, autoscaling::v1::DescribeInstanceRefreshesRequest>(
            of_web)
        .instance_refreshes(0);
  };
  const auto shown = refresh().desired_configuration();
  CHECK_FALSE(shown.has_launch_template());
  const auto& launched = shown.mixed_instances_policy().launch_template();
  REQUIRE(launched.overrides_size() == 2);
  CHECK(launched.launch_template_specification().launch_template_id() == world.template_id);
  CHECK(launched.overrides(0).instance_type() == "b1.small");
  CHECK(launched.overrides(1).launch_template_specification().launch_template_id() == other);
  // The template and its version match; the type does not.
  world.ReconcileUntil("web", [&](const autoscaling::v1::AutoScalingGroup& group) {
    return group.instances_size() == 1 && group.instances(0).instance_type() == "b1.small" &&
           group.instances(0).lifecycle_state() == "InService";
  });
  CHECK(world.Group("web").has_mixed_instances_policy());
  REQUIRE_OK(world.Do("RollbackInstanceRefresh", of_web));
  const auto back = world.Group("web");
  CHECK_FALSE(back.has_mixed_instances_policy());
  CHECK(back.launch_template().version() == "1");
  CHECK(refresh().status() == "RollbackInProgress");
}

TEST_CASE("a refresh that is taken back gives a mixed group its former types again", "[scaling_api]") {
  ScalingApiWorld world;
  const std::string types = "overrides { instance_type: 'b1.micro' weighted_capacity: '2' } ";
  const auto policy = [](const std::string& overrides) {
    return absl::StrCat(
        "mixed_instances_policy { launch_template { launch_template_specification { launch_template_name: 'web' "
        "version: '1' } ",
        overrides, " } }");
  };
  world.CreateGroup("web", "min_size: 2 max_size: 4 desired_capacity: 2 " + policy(types));
  world.WaitInService("web", 1);
  world.clock.Advance(absl::Seconds(1));
  const std::string of_web = "auto_scaling_group_name: 'web' ";
  REQUIRE_OK(world.Do("StartInstanceRefresh",
                      absl::StrCat(of_web, "desired_configuration { ",
                                   policy("overrides { instance_type: 'b1.small' weighted_capacity: '1' }"),
                                   " } preferences { min_healthy_percentage: 0 }")));
  CHECK(world.Group("web").mixed_instances_policy().launch_template().overrides(0).instance_type() == "b1.small");
  REQUIRE_OK(world.Do("RollbackInstanceRefresh", of_web));
  const auto back = world.Group("web").mixed_instances_policy().launch_template();
  REQUIRE(back.overrides_size() == 1);
  CHECK(back.overrides(0).instance_type() == "b1.micro");
  CHECK(back.overrides(0).weighted_capacity() == "2");
  world.ReconcileUntil("web", [&](const autoscaling::v1::AutoScalingGroup& group) {
    return group.instances_size() == 1 && group.instances(0).instance_type() == "b1.micro" &&
           group.instances(0).weighted_capacity() == "2" && group.instances(0).lifecycle_state() == "InService";
  });
}

TEST_CASE("traffic sources are shown without naming their kind", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  CHECK(world.Do("DescribeTrafficSources", "auto_scaling_group_name: 'web'").ok());
}

TEST_CASE("a target tracking policy may track metric maths, and shows it as it was put", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const auto put = [&](const std::string& metrics) {
    return world.Do("PutScalingPolicy",
                    absl::StrCat("auto_scaling_group_name: 'web' policy_name: 'backlog' policy_type: "
                                 "'TargetTrackingScaling' target_tracking_configuration { target_value: 10 "
                                 "customized_metric_specification { ",
                                 metrics, " } }"));
  };
  const std::string queue =
      "metrics { id: 'm1' return_data: false metric_stat { metric { namespace: 'App' metric_name: "
      "'Queue' dimensions { name: 'Name' value: 'q' } } stat: 'Sum' } } ";
  REQUIRE_OK(put(queue + "metrics { id: 'e1' expression: 'FILL(m1, 0) / 2' label: 'backlog' }"));
  const auto shown = world.Ask<autoscaling::v1::DescribePoliciesResponse, autoscaling::v1::DescribePoliciesRequest>("");
  REQUIRE(shown.scaling_policies_size() == 1);
  const auto& custom = shown.scaling_policies(0).target_tracking_configuration().customized_metric_specification();
  CHECK_FALSE(custom.has_metric_name());
  REQUIRE(custom.metrics_size() == 2);
  CHECK(custom.metrics(0).metric_stat().metric().dimensions(0).value() == "q");
  CHECK(custom.metrics(0).metric_stat().stat() == "Sum");
  CHECK_FALSE(custom.metrics(0).return_data());
  CHECK(custom.metrics(1).expression() == "FILL(m1, 0) / 2");
  CHECK(custom.metrics(1).label() == "backlog");
  for (const std::string& bad :
       {queue, queue + "metrics { id: 'e1' expression: 'm2' }", queue + "metrics { id: 'e1' expression: 'm1 +' }",
        queue + "metrics { id: 'e1' expression: \"SEARCH('App', 'Sum', 60)\" }",
        std::string("metrics { id: 'e1' expression: '1' }"), queue + "metrics { id: 'e1' } ",
        queue + "metric_name: 'Queue' metrics { id: 'e1' expression: 'm1' }", std::string("metric_name: 'Queue'")}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(put(bad)) == "ValidationError");
  }
}

TEST_CASE("a mixed group without overrides has the types that its template's requirements ask for", "[scaling_api]") {
  ScalingApiWorld world;
  const auto made = world.Ask<ec2::v1::CreateLaunchTemplateResponse, ec2::v1::CreateLaunchTemplateRequest>(
      absl::StrCat("launch_template_name: 'needs' launch_template_data { image_id: '", world.image.text(),
                   "' instance_requirements { v_cpu_count { min: 1 max: 1 } memory_mi_b { min: 1 } "
                   "allowed_instance_types: 'b1.*' } }"));
  const std::string group =
      "auto_scaling_group_name: 'web' min_size: 0 max_size: 2 desired_capacity: 1 "
      "availability_zones: '" +
      world.zone + "' ";
  const std::string plain = "launch_template { launch_template_name: 'needs' } ";
  CHECK(ec2::ErrorCode(world.Do("CreateAutoScalingGroup", group + plain)) == "ValidationError");
  REQUIRE_OK(world.Do("CreateAutoScalingGroup",
                      group +
                          "mixed_instances_policy { launch_template { launch_template_specification { "
                          "launch_template_id: '" +
                          made.launch_template().launch_template_id() + "' } } }"));
  const auto shown = world.WaitInService("web", 1);
  CHECK(absl::StartsWith(shown.instances(0).instance_type(), "b1."));
  CHECK(shown.mixed_instances_policy().launch_template().overrides().empty());
}

}  // namespace brume
