// Auto Scaling groups and their members, from the dispatcher to the instances that are launched.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/account.pb.h"
#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/autoscaling/v1/group_metric.pb.h"
#include "brume/autoscaling/v1/member.pb.h"
#include "brume/autoscaling/v1/notification.pb.h"
#include "brume/autoscaling/v1/process.pb.h"
#include "brume/autoscaling/v1/tag.pb.h"
#include "brume/autoscaling/v1/traffic_source.pb.h"
#include "lib/autoscaling/member_launch.h"
#include "tests/autoscaling/scaling_api_fixture.h"

namespace brume {
namespace {

std::set<std::string> TagsOf(const TagMap& tags) {
  std::set<std::string> texts;
  for (const auto& [key, value] : tags) texts.insert(absl::StrCat(key, "=", value));
  return texts;
}

autoscaling::LaunchOrder OrderOf(const ScalingApiWorld& world, const SubnetId& subnet) {
  autoscaling::LaunchOrder order;
  order.token = "11111111-1111-4111-8111-111111111111";
  order.source.id = world.template_id;
  order.source.version = 1;
  order.subnet = subnet;
  return order;
}

absl::StatusOr<InstanceId> Launch(ScalingApiWorld& world, const autoscaling::LaunchOrder& order) {
  return autoscaling::LaunchMember(world.launches, world.launch_templates, order);
}

SubnetId DefaultSubnet(ScalingApiWorld& world) { return world.Row(world.Launch()).subnet_id; }

}  // namespace

TEST_CASE("a group is described as it was made, until it is deleted", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web",
                    "min_size: 1 max_size: 4 desired_capacity: 2 default_cooldown: 60 health_check_type: 'EC2,EBS' "
                    "health_check_grace_period: 30 termination_policies: ['OldestInstance', 'Default'] "
                    "new_instances_protected_from_scale_in: true capacity_rebalance: true max_instance_lifetime: 86400 "
                    "context: 'test' default_instance_warmup: 7 tags { key: 'team' value: 'mist' "
                    "propagate_at_launch: true } lifecycle_hook_specification_list { lifecycle_hook_name: 'ready' "
                    "lifecycle_transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' heartbeat_timeout: 300 }");
  const autoscaling::v1::AutoScalingGroup group = world.Group("web");
  CHECK(
      absl::StartsWith(group.auto_scaling_group_arn(), "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:"));
  CHECK(absl::EndsWith(group.auto_scaling_group_arn(), ":autoScalingGroupName/web"));
  CHECK(group.launch_template().launch_template_id() == world.template_id);
  CHECK(group.launch_template().launch_template_name() == "web");
  CHECK(group.launch_template().version() == "1");
  CHECK(group.min_size() == 1);
  CHECK(group.max_size() == 4);
  CHECK(group.desired_capacity() == 2);
  CHECK(group.default_cooldown() == 60);
  CHECK(group.health_check_type() == "EC2,EBS");
  CHECK(group.health_check_grace_period() == 30);
  REQUIRE(group.availability_zones_size() == 1);
  CHECK(group.availability_zones(0) == world.zone);
  CHECK(absl::StartsWith(group.vpc_zone_identifier(), "subnet-"));
  CHECK(group.termination_policies(0) == "OldestInstance");
  CHECK(group.termination_policies(1) == "Default");
  CHECK(group.new_instances_protected_from_scale_in());
  CHECK(group.capacity_rebalance());
  CHECK(group.max_instance_lifetime() == 86400);
  CHECK(group.context() == "test");
  CHECK(group.default_instance_warmup() == 7);
  REQUIRE(group.tags_size() == 1);
  CHECK(group.tags(0).resource_id() == "web");
  CHECK(group.tags(0).propagate_at_launch());
  // By its ARN too.
  CHECK(world.Group(group.auto_scaling_group_arn()).auto_scaling_group_name() == "web");
  // Not by an ARN that policies would see as another resource.
  for (const char* arn : {"arn:aws:autoscaling:eu-west-1:000000000000:autoScalingGroup:x:autoScalingGroupName/web",
                          "arn:aws:autoscaling:us-east-1:111111111111:autoScalingGroup:x:autoScalingGroupName/web"}) {
    CHECK(ec2::ErrorCode(world.Do("DeleteAutoScalingGroup", absl::StrCat("auto_scaling_group_name: '", arn, "'"))) ==
          "ValidationError");
  }
  REQUIRE_OK(world.Do("DeleteAutoScalingGroup", "auto_scaling_group_name: 'web' force_delete: true"));
  CHECK(world.Eventually([&] {
    REQUIRE_OK(world.scaling_loop.Reconcile("web").status());
    return world
        .Ask<autoscaling::v1::DescribeAutoScalingGroupsResponse, autoscaling::v1::DescribeAutoScalingGroupsRequest>("")
        .auto_scaling_groups()
        .empty();
  }));
}

TEST_CASE("a group's health checks are one kind or several", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 1");
  CHECK(world.Group("web").health_check_type() == "EC2");
  for (const char* types : {"EBS", "EC2,EBS,ELB,VPC_LATTICE", "VPC_LATTICE,ELB"}) {
    REQUIRE_OK(world.Do("UpdateAutoScalingGroup",
                        absl::StrCat("auto_scaling_group_name: 'web' health_check_type: '", types, "'")));
    CHECK(world.Group("web").health_check_type() == types);
  }
}

TEST_CASE("an update of a group changes what it names and nothing else", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 4 default_cooldown: 60 context: 'kept'");
  REQUIRE_OK(
      world.Do("UpdateAutoScalingGroup", "auto_scaling_group_name: 'web' max_size: 3 default_instance_warmup: 9"));
  autoscaling::v1::AutoScalingGroup group = world.Group("web");
  CHECK(group.max_size() == 3);
  CHECK(group.default_instance_warmup() == 9);
  CHECK(group.default_cooldown() == 60);
  CHECK(group.context() == "kept");
  CHECK(group.launch_template().version() == "1");
  REQUIRE_OK(world.Do("UpdateAutoScalingGroup",
                      "auto_scaling_group_name: 'web' default_instance_warmup: -1 mixed_instances_policy { "
                      "launch_template { launch_template_specification { launch_template_name: 'web' } "
                      "overrides { instance_type: 'b1.small' } overrides { instance_type: 'b1.tiny' } } "
                      "instances_distribution { on_demand_allocation_strategy: 'prioritized' } }"));
  group = world.Group("web");
  CHECK(!group.has_default_instance_warmup());
  CHECK(!group.has_launch_template());
  const autoscaling::v1::LaunchTemplate& mixed = group.mixed_instances_policy().launch_template();
  CHECK(mixed.launch_template_specification().launch_template_id() == world.template_id);
  // Nobody asked for a version.
  CHECK_FALSE(mixed.launch_template_specification().has_version());
  REQUIRE(mixed.overrides_size() == 2);
  CHECK(mixed.overrides(0).instance_type() == "b1.small");
  CHECK(group.mixed_instances_policy().instances_distribution().on_demand_allocation_strategy() == "prioritized");
}

TEST_CASE("members are launched from their template, with the group's tags over its own", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web",
                    "min_size: 2 max_size: 4 tags { key: 'Name' value: 'group' propagate_at_launch: true } "
                    "tags { key: 'quiet' value: 'x' propagate_at_launch: false }");
  const autoscaling::v1::AutoScalingGroup group = world.WaitInService("web", 2);
  for (const autoscaling::v1::Instance& member : group.instances()) {
    CHECK(member.instance_type() == "b1.tiny");
    CHECK(member.availability_zone() == world.zone);
    CHECK(member.health_status() == "Healthy");
    CHECK(member.launch_template().launch_template_name() == "web");
    CHECK(member.launch_template().version() == "1");
    CHECK(!member.protected_from_scale_in());
    const auto view = world.service->Get(InstanceId::FromTrusted(member.instance_id()));
    REQUIRE_OK(view.status());
    CHECK(TagsOf(view->tags) == std::set<std::string>{"Name=group", "Team=mist", "aws:autoscaling:groupName=web",
                                                      absl::StrCat("aws:ec2launchtemplate:id=", world.template_id),
                                                      "aws:ec2launchtemplate:version=1"});
  }
  const auto shown = world.Ask<autoscaling::v1::DescribeAutoScalingInstancesResponse,
                               autoscaling::v1::DescribeAutoScalingInstancesRequest>("");
  REQUIRE(shown.auto_scaling_instances_size() == 2);
  CHECK(shown.auto_scaling_instances(0).auto_scaling_group_name() == "web");
  CHECK(shown.auto_scaling_instances(0).health_status() == "HEALTHY");
  CHECK(shown.auto_scaling_instances(0).lifecycle_state() == "InService");
}

TEST_CASE("a launch order that is carried out twice makes one instance, whatever its tags are by then",
          "[scaling_api]") {
  ScalingApiWorld world;
  autoscaling::LaunchOrder order = OrderOf(world, DefaultSubnet(world));
  order.instance_type = "b1.small";
  order.tags = {{"Name", "first"}};
  const InstanceId first = Value(Launch(world, order));
  order.tags = {{"Name", "second"}};
  CHECK(Value(Launch(world, order)) == first);
  const auto view = world.service->Get(first);
  REQUIRE_OK(view.status());
  CHECK(view->instance.instance_type == "b1.small");
  CHECK(view->tags.at("Name") == "first");
  CHECK(view->instance.client_token == order.token);
}

TEST_CASE("a launch order takes its subnet in place of the one of the template's network interface", "[scaling_api]") {
  ScalingApiWorld world;
  const SubnetId subnet = DefaultSubnet(world);
  REQUIRE_OK(
      world
          .CallText("CreateLaunchTemplateVersion",
                    absl::StrCat("launch_template_name: 'web' source_version: '1' launch_template_data { "
                                 "network_interfaces { device_index: 0 associate_public_ip_address: false ",
                                 "private_ip_address: '172.31.99.9' } placement { availability_zone: 'none' } }"))
          .status());
  autoscaling::LaunchOrder order = OrderOf(world, subnet);
  order.source.version = 2;
  const InstanceId id = Value(Launch(world, order));
  CHECK(world.Row(id).subnet_id == subnet);
  CHECK(world.Row(id).availability_zone == world.zone);
}

TEST_CASE("a launch order of a template without an image is refused as RunInstances refuses it", "[scaling_api]") {
  ScalingApiWorld world;
  REQUIRE_OK(world
                 .CallText("CreateLaunchTemplateVersion",
                           "launch_template_name: 'web' launch_template_data { instance_type: 'b1.tiny' }")
                 .status());
  autoscaling::LaunchOrder order = OrderOf(world, DefaultSubnet(world));
  order.source.version = 2;
  CHECK(ec2::ErrorCode(Launch(world, order).status()) == "MissingParameter");
  order.source.version = 3;
  CHECK(ec2::ErrorCode(Launch(world, order).status()) == "InvalidLaunchTemplateId.VersionNotFound");
  order.source.version = 1;
  order.instance_type = "x9.none";
  CHECK(ec2::ErrorCode(Launch(world, order).status()) == "InvalidParameterValue");
}

TEST_CASE("what a group does is told with its cause, the newest first and in pages", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 4 desired_capacity: 3");
  world.WaitInService("web", 3);
  std::vector<std::string> ids;
  std::string token;
  do {
    const auto page =
        world
            .Ask<autoscaling::v1::DescribeScalingActivitiesResponse, autoscaling::v1::DescribeScalingActivitiesRequest>(
                absl::StrCat("auto_scaling_group_name: 'web' max_records: 2 next_token: '", token, "'"));
    for (const autoscaling::v1::Activity& activity : page.activities()) {
      CHECK(activity.auto_scaling_group_name() == "web");
      CHECK(absl::StrContains(activity.description(), "Launching a new EC2 instance"));
      CHECK(absl::StartsWith(activity.cause(), "At "));
      CHECK(activity.status_code() == "Successful");
      CHECK(activity.progress() == 100);
      CHECK(!activity.end_time().empty());
      ids.push_back(activity.activity_id());
    }
    token = page.next_token();
  } while (!token.empty());
  CHECK(ids.size() == 3);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 3);
  const auto one =
      world.Ask<autoscaling::v1::DescribeScalingActivitiesResponse, autoscaling::v1::DescribeScalingActivitiesRequest>(
          absl::StrCat("activity_ids: '", ids[1], "'"));
  REQUIRE(one.activities_size() == 1);
  CHECK(one.activities(0).activity_id() == ids[1]);
}

TEST_CASE("members are protected, put on standby and back, detached and terminated", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 4 desired_capacity: 3");
  const autoscaling::v1::AutoScalingGroup group = world.WaitInService("web", 3);
  const std::string first = group.instances(0).instance_id(), second = group.instances(1).instance_id();
  const std::string third = group.instances(2).instance_id();
  const std::string of_web = "auto_scaling_group_name: 'web' instance_ids: '";

  REQUIRE_OK(world.Do("SetInstanceProtection", of_web + first + "' protected_from_scale_in: true"));
  const auto standby = world.Ask<autoscaling::v1::EnterStandbyResponse, autoscaling::v1::EnterStandbyRequest>(
      of_web + second + "' should_decrement_desired_capacity: true");
  REQUIRE(standby.activities_size() == 1);
  CHECK(absl::StrContains(standby.activities(0).description(), second));
  autoscaling::v1::AutoScalingGroup after =
      world.ReconcileUntil("web", [&](const autoscaling::v1::AutoScalingGroup& now) {
        return std::any_of(now.instances().begin(), now.instances().end(),
                           [&](const autoscaling::v1::Instance& each) { return each.lifecycle_state() == "Standby"; });
      });
  CHECK(after.desired_capacity() == 2);
  const auto exit =
      world.Ask<autoscaling::v1::ExitStandbyResponse, autoscaling::v1::ExitStandbyRequest>(of_web + second + "'");
  CHECK(exit.activities_size() == 1);
  after = world.WaitInService("web", 3);
  CHECK(after.desired_capacity() == 3);
  for (const autoscaling::v1::Instance& member : after.instances()) {
    CHECK(member.protected_from_scale_in() == (member.instance_id() == first));
  }

  const auto detached = world.Ask<autoscaling::v1::DetachInstancesResponse, autoscaling::v1::DetachInstancesRequest>(
      of_web + third + "' should_decrement_desired_capacity: true");
  CHECK(detached.activities_size() == 1);
  world.WaitInService("web", 2);
  CHECK(world.Row(InstanceId::FromTrusted(third)).state == InstanceState::kRunning);
  REQUIRE_OK(world.Do("AttachInstances", of_web + third + "'"));
  CHECK(world.WaitInService("web", 3).desired_capacity() == 3);

  const auto terminated = world.Ask<autoscaling::v1::TerminateInstanceInAutoScalingGroupResponse,
                                    autoscaling::v1::TerminateInstanceInAutoScalingGroupRequest>(
      absl::StrCat("instance_id: '", third, "' should_decrement_desired_capacity: true"));
  CHECK(absl::StrContains(terminated.activity().description(), third));
  world.WaitInService("web", 2);
  CHECK(world.Reaches(InstanceId::FromTrusted(third), InstanceState::kTerminated));
}

TEST_CASE("processes and metrics of a group are switched off and on", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  REQUIRE_OK(world.Do("SuspendProcesses", "auto_scaling_group_name: 'web' scaling_processes: ['Launch', 'Terminate']"));
  REQUIRE_OK(world.Do("ResumeProcesses", "auto_scaling_group_name: 'web' scaling_processes: 'Launch'"));
  autoscaling::v1::AutoScalingGroup group = world.Group("web");
  REQUIRE(group.suspended_processes_size() == 1);
  CHECK(group.suspended_processes(0).process_name() == "Terminate");
  CHECK(absl::StartsWith(group.suspended_processes(0).suspension_reason(), "User suspended at "));
  const auto processes = world.Ask<autoscaling::v1::DescribeScalingProcessTypesResponse,
                                   autoscaling::v1::DescribeScalingProcessTypesRequest>("");
  REQUIRE_OK(world.Do("SuspendProcesses", "auto_scaling_group_name: 'web'"));
  CHECK(world.Group("web").suspended_processes_size() == processes.processes_size());

  const auto metrics = world.Ask<autoscaling::v1::DescribeMetricCollectionTypesResponse,
                                 autoscaling::v1::DescribeMetricCollectionTypesRequest>("");
  CHECK(metrics.granularities(0).granularity() == "1Minute");
  REQUIRE_OK(world.Do("EnableMetricsCollection", "auto_scaling_group_name: 'web' granularity: '1Minute'"));
  CHECK(world.Group("web").enabled_metrics_size() == metrics.metrics_size());
  REQUIRE_OK(world.Do("DisableMetricsCollection", "auto_scaling_group_name: 'web' metrics: 'GroupMaxSize'"));
  group = world.Group("web");
  CHECK(group.enabled_metrics_size() == metrics.metrics_size() - 1);
  CHECK(group.enabled_metrics(0).granularity() == "1Minute");
}

TEST_CASE("groups are found by their tags, and tags by their groups", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 1 tags { key: 'team' value: 'mist' }");
  world.CreateGroup("data");
  REQUIRE_OK(world.Do("CreateOrUpdateTags",
                      "tags { resource_id: 'data' resource_type: 'auto-scaling-group' key: 'team' value: 'fog' "
                      "propagate_at_launch: true } tags { resource_id: 'web' key: 'team' value: 'rain' }"));
  const auto found = [&](const std::string& filter) {
    const auto shown = world.Ask<autoscaling::v1::DescribeAutoScalingGroupsResponse,
                                 autoscaling::v1::DescribeAutoScalingGroupsRequest>("filters { " + filter + " }");
    std::string names;
    for (const auto& group : shown.auto_scaling_groups()) absl::StrAppend(&names, group.auto_scaling_group_name(), " ");
    return names;
  };
  CHECK(found("name: 'tag:team' values: 'rain'") == "web ");
  CHECK(found("name: 'tag-key' values: 'team'") == "data web ");
  CHECK(found("name: 'tag-value' values: 'fog'") == "data ");
  CHECK(found("name: 'tag:team' values: 'mist'").empty());

  const auto tags =
      world.Ask<autoscaling::v1::DescribeTagsResponse, autoscaling::v1::DescribeTagsRequest>("max_records: 1");
  REQUIRE(tags.tags_size() == 1);
  CHECK(tags.tags(0).resource_id() == "data");
  CHECK(tags.tags(0).propagate_at_launch());
  const auto next = world.Ask<autoscaling::v1::DescribeTagsResponse, autoscaling::v1::DescribeTagsRequest>(
      absl::StrCat("max_records: 1 next_token: '", tags.next_token(), "'"));
  REQUIRE(next.tags_size() == 1);
  CHECK(next.tags(0).resource_id() == "web");
  CHECK(next.next_token().empty());
  const auto filtered = world.Ask<autoscaling::v1::DescribeTagsResponse, autoscaling::v1::DescribeTagsRequest>(
      "filters { name: 'auto-scaling-group' values: 'web' } filters { name: 'propagate-at-launch' values: 'false' }");
  CHECK(filtered.tags_size() == 1);
  REQUIRE_OK(world.Do("DeleteTags", "tags { resource_id: 'web' key: 'team' }"));
  CHECK(world.Group("web").tags().empty());
  CHECK(world.Group("data").tags_size() == 1);
}

TEST_CASE("a call about tags of a group that is not there changes no other group", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const char* text = "tags { resource_id: 'web' key: 'a' value: 'b' } tags { resource_id: 'zero' key: 'a' value: 'b' }";
  CHECK(ec2::ErrorCode(world.Do("CreateOrUpdateTags", text)) == "ValidationError");
  CHECK(world.Group("web").tags().empty());
}

TEST_CASE("pages of groups show each group once, by name", "[scaling_api]") {
  ScalingApiWorld world;
  for (const char* name : {"e", "b", "d", "a", "c"}) world.CreateGroup(name);
  std::string names, token;
  do {
    const auto page =
        world
            .Ask<autoscaling::v1::DescribeAutoScalingGroupsResponse, autoscaling::v1::DescribeAutoScalingGroupsRequest>(
                absl::StrCat("max_records: 2 next_token: '", token, "'"));
    CHECK(page.auto_scaling_groups_size() <= 2);
    for (const auto& group : page.auto_scaling_groups()) names += group.auto_scaling_group_name();
    token = page.next_token();
  } while (!token.empty());
  CHECK(names == "abcde");
}

TEST_CASE("a group has no load balancers, sources of traffic and notifications to describe", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const std::string of_web = "auto_scaling_group_name: 'web'";
  CHECK(world.Ask<autoscaling::v1::DescribeLoadBalancersResponse, autoscaling::v1::DescribeLoadBalancersRequest>(of_web)
            .load_balancers()
            .empty());
  CHECK(world
            .Ask<autoscaling::v1::DescribeLoadBalancerTargetGroupsResponse,
                 autoscaling::v1::DescribeLoadBalancerTargetGroupsRequest>(of_web)
            .load_balancer_target_groups()
            .empty());
  CHECK(world
            .Ask<autoscaling::v1::DescribeTrafficSourcesResponse, autoscaling::v1::DescribeTrafficSourcesRequest>(
                of_web + " traffic_source_type: 'elbv2'")
            .traffic_sources()
            .empty());
  CHECK(world
            .Ask<autoscaling::v1::DescribeNotificationConfigurationsResponse,
                 autoscaling::v1::DescribeNotificationConfigurationsRequest>("")
            .notification_configurations()
            .empty());
  const auto limits =
      world.Ask<autoscaling::v1::DescribeAccountLimitsResponse, autoscaling::v1::DescribeAccountLimitsRequest>("");
  CHECK(limits.number_of_auto_scaling_groups() == 1);
  CHECK(limits.max_number_of_auto_scaling_groups() > 1);
}

TEST_CASE("a group made of an instance is launched from a configuration of its name, where the instance is",
          "[scaling_api]") {
  ScalingApiWorld world;
  compute::RunRequest request = world.Request();
  request.user_data = "hello";
  const InstanceId id = world.Launch(request);
  REQUIRE_OK(
      world.Do("CreateAutoScalingGroup", absl::StrCat("auto_scaling_group_name: 'copies' min_size: 0 max_size: 1 "
                                                      "instance_id: '",
                                                      id.text(), "'")));
  const autoscaling::v1::AutoScalingGroup group = world.Group("copies");
  CHECK(group.launch_configuration_name() == "copies");
  CHECK(group.vpc_zone_identifier() == Value(world.service->Get(id)).interfaces.front().subnet_id.text());
  const auto made = Value(world.scaling_policies.ListConfigurations({}));
  REQUIRE(made.size() == 1);
  CHECK(made.front().name == "copies");
  CHECK(made.front().spec.image_id == Value(world.service->Get(id)).instance.image_id.text());
  CHECK(made.front().spec.user_data == "aGVsbG8=");
  // Neither is made when one of the two cannot be.
  CHECK_FALSE(world
                  .Do("CreateAutoScalingGroup", absl::StrCat("auto_scaling_group_name: 'other' min_size: 2 max_size: 1 "
                                                             "instance_id: '",
                                                             id.text(), "'"))
                  .ok());
  CHECK(Value(world.scaling_policies.ListConfigurations({})).size() == 1);
}

TEST_CASE("activities are found by the time of their beginning and by their status", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 4 desired_capacity: 1");
  world.WaitInService("web", 1);
  world.clock.Advance(absl::Hours(1));
  REQUIRE_OK(world.Do("SetDesiredCapacity", "auto_scaling_group_name: 'web' desired_capacity: 2"));
  world.WaitInService("web", 2);
  const auto count = [&](const std::string& text) {
    return world
        .Ask<autoscaling::v1::DescribeScalingActivitiesResponse, autoscaling::v1::DescribeScalingActivitiesRequest>(
            text)
        .activities_size();
  };
  const auto filter = [](const std::string& name, const std::string& value) {
    return absl::StrCat("filters { name: '", name, "' values: '", value, "' } ");
  };
  // The clock began at 2027-01-15T08:00:00Z.
  CHECK(count("") == 2);
  CHECK(count(filter("StartTimeLowerBound", "2027-01-15T08:30:00Z")) == 1);
  CHECK(count(filter("StartTimeLowerBound", "2027-01-15T08:30:00")) == 1);
  CHECK(count(filter("StartTimeUpperBound", "2027-01-15T16:30:00+08:00")) == 1);
  CHECK(count(filter("StartTimeLowerBound", "2027-01-15T08:30:00Z") +
              filter("StartTimeUpperBound", "2027-01-15T08:40:00Z")) == 0);
  const std::string of = "auto_scaling_group_name: 'web' ";
  CHECK(count(of + "filters { name: 'Status' values: 'Successful' values: 'Failed' }") == 2);
  CHECK(count(of + filter("Status", "Failed")) == 0);
  for (const std::string& bad :
       {filter("Status", "Successful"), of + filter("Status", "Done"), filter("StartTimeLowerBound", "yesterday"),
        filter("EndTime", "2027-01-15T08:30:00Z"), std::string("filters { name: 'StartTimeLowerBound' }"),
        of + filter("Status", "Failed") + filter("Status", "Successful")}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(world.Do("DescribeScalingActivities", bad)) == "ValidationError");
  }
}

TEST_CASE("a group's zones are named by their ids too, and shown by both", "[scaling_api]") {
  ScalingApiWorld world;
  const std::string web = "auto_scaling_group_name: 'web' ";
  const std::string more =
      "min_size: 0 max_size: 1 desired_capacity: 1 launch_template { launch_template_name: 'web' } ";
  REQUIRE_OK(world.Do("CreateAutoScalingGroup",
                      web + more +
                          "availability_zone_ids: 'use1-az2' instance_lifecycle_policy { retention_triggers { "
                          "terminate_hook_abandon: 'terminate' } }"));
  auto group = world.WaitInService("web", 1);
  REQUIRE(group.availability_zones_size() == 1);
  CHECK(group.availability_zones(0) == "us-east-1b");
  CHECK(group.availability_zone_ids(0) == "use1-az2");
  CHECK(group.instances(0).availability_zone_id() == "use1-az2");
  const auto members = world.Ask<autoscaling::v1::DescribeAutoScalingInstancesResponse,
                                 autoscaling::v1::DescribeAutoScalingInstancesRequest>("");
  CHECK(members.auto_scaling_instances(0).availability_zone_id() == "use1-az2");
  REQUIRE_OK(world.Do("UpdateAutoScalingGroup", web + "availability_zone_ids: 'use1-az1'"));
  CHECK(world.Group("web").availability_zones(0) == "us-east-1a");
  CHECK(ec2::ErrorCode(world.Do("UpdateAutoScalingGroup",
                                web + "availability_zone_ids: 'use1-az1' availability_zones: 'us-east-1a'")) ==
        "ValidationError");
  CHECK(ec2::ErrorCode(world.Do("UpdateAutoScalingGroup", web + "availability_zone_ids: 'use9-az1'")) ==
        "ValidationError");
  CHECK_FALSE(world
                  .Do("UpdateAutoScalingGroup",
                      web + "instance_lifecycle_policy { retention_triggers { terminate_hook_abandon: 'retain' } }")
                  .ok());
}

}  // namespace brume
