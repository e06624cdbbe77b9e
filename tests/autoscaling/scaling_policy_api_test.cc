// What belongs to Auto Scaling groups: policies, scheduled actions, hooks, warm pools, refreshes, launch
// configurations.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/instance_refresh.pb.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "brume/autoscaling/v1/lifecycle_hook.pb.h"
#include "brume/autoscaling/v1/policy.pb.h"
#include "brume/autoscaling/v1/scheduled_action.pb.h"
#include "brume/autoscaling/v1/warm_pool.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "tests/autoscaling/scaling_api_fixture.h"

namespace brume {
namespace {

constexpr char kOfWeb[] = "auto_scaling_group_name: 'web' ";

autoscaling::v1::PutScalingPolicyResponse PutPolicy(ScalingApiWorld& world, const std::string& text) {
  return world.Ask<autoscaling::v1::PutScalingPolicyResponse, autoscaling::v1::PutScalingPolicyRequest>(kOfWeb + text);
}

autoscaling::v1::DescribePoliciesResponse Policies(ScalingApiWorld& world, const std::string& text) {
  return world.Ask<autoscaling::v1::DescribePoliciesResponse, autoscaling::v1::DescribePoliciesRequest>(text);
}

autoscaling::v1::DescribeScheduledActionsResponse Schedules(ScalingApiWorld& world, const std::string& text = "") {
  return world.Ask<autoscaling::v1::DescribeScheduledActionsResponse, autoscaling::v1::DescribeScheduledActionsRequest>(
      text);
}

autoscaling::v1::DescribeLifecycleHooksResponse Hooks(ScalingApiWorld& world) {
  return world.Ask<autoscaling::v1::DescribeLifecycleHooksResponse, autoscaling::v1::DescribeLifecycleHooksRequest>(
      kOfWeb);
}

autoscaling::v1::LaunchConfiguration Configuration(ScalingApiWorld& world, const std::string& name) {
  const auto shown = world.Ask<autoscaling::v1::DescribeLaunchConfigurationsResponse,
                               autoscaling::v1::DescribeLaunchConfigurationsRequest>(
      absl::StrCat("launch_configuration_names: '", name, "'"));
  REQUIRE(shown.launch_configurations_size() == 1);
  return shown.launch_configurations(0);
}

}  // namespace

TEST_CASE("a policy of each type is described as it was put", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  for (const std::string text :
       {"policy_name: 'simple' policy_type: 'SimpleScaling' adjustment_type: 'PercentChangeInCapacity' "
        "min_adjustment_magnitude: 2 scaling_adjustment: -10 cooldown: 60 enabled: false",
        "policy_name: 'step' policy_type: 'StepScaling' adjustment_type: 'ChangeInCapacity' "
        "step_adjustments { metric_interval_lower_bound: 0 metric_interval_upper_bound: 10 scaling_adjustment: 1 } "
        "step_adjustments { metric_interval_lower_bound: 10 scaling_adjustment: 3 } "
        "metric_aggregation_type: 'Maximum' estimated_instance_warmup: 30 enabled: true",
        "policy_name: 'cpu' policy_type: 'TargetTrackingScaling' target_tracking_configuration { "
        "predefined_metric_specification { predefined_metric_type: 'ASGAverageCPUUtilization' } target_value: 50.5 "
        "disable_scale_in: true } enabled: true",
        "policy_name: 'queue' policy_type: 'TargetTrackingScaling' target_tracking_configuration { "
        "customized_metric_specification { metric_name: 'Depth' namespace: 'My' dimensions { name: 'a' value: 'x' } "
        "dimensions { name: 'q' value: 'y' } statistic: 'Sum' unit: 'Count' } target_value: 9 disable_scale_in: false "
        "} enabled: true",
        "policy_name: 'pair' policy_type: 'PredictiveScaling' predictive_scaling_configuration { "
        "metric_specifications { target_value: 60 predefined_metric_pair_specification { predefined_metric_type: "
        "'ASGCPUUtilization' } } mode: 'ForecastAndScale' scheduling_buffer_time: 120 max_capacity_breach_behavior: "
        "'IncreaseMaxCapacity' max_capacity_buffer: 10 } enabled: true",
        "policy_name: 'apart' policy_type: 'PredictiveScaling' predictive_scaling_configuration { "
        "metric_specifications { target_value: 60 predefined_scaling_metric_specification { predefined_metric_type: "
        "'ASGAverageNetworkIn' } predefined_load_metric_specification { predefined_metric_type: 'ASGTotalNetworkIn' } "
        "} mode: 'ForecastOnly' scheduling_buffer_time: 300 max_capacity_breach_behavior: 'HonorMaxCapacity' } "
        "enabled: true",
        "policy_name: 'own' policy_type: 'PredictiveScaling' predictive_scaling_configuration { "
        "metric_specifications { target_value: 60 customized_scaling_metric_specification { metric_data_queries { "
        "id: 'a' metric_stat { metric { namespace: 'My' metric_name: 'Busy' } stat: 'Average' } return_data: true } } "
        "customized_load_metric_specification { metric_data_queries { id: 'l' metric_stat { metric { namespace: 'My' "
        "metric_name: 'Requests' dimensions { name: 'q' value: 'y' } } stat: 'Sum' unit: 'Count' } return_data: false "
        "} metric_data_queries { id: 'e' expression: 'l / 2' label: 'half' return_data: true } } "
        "customized_capacity_metric_specification { metric_data_queries { id: 'c' metric_stat { metric { namespace: "
        "'My' metric_name: 'Members' } stat: 'Average' } return_data: true } } } mode: 'ForecastOnly' "
        "scheduling_buffer_time: 300 max_capacity_breach_behavior: 'HonorMaxCapacity' } enabled: true"}) {
    const std::string arn = PutPolicy(world, text).policy_arn();
    CHECK(absl::StrContains(arn, ":scalingPolicy:"));
    CHECK(absl::StrContains(arn, ":autoScalingGroupName/web:policyName/"));
    auto expected = Parsed<autoscaling::v1::ScalingPolicy>(kOfWeb + text);
    expected.set_policy_arn(arn);
    const auto shown = Policies(world, absl::StrCat("policy_names: '", arn, "'"));
    REQUIRE(shown.scaling_policies_size() == 1);
    CHECK(shown.scaling_policies(0).DebugString() == expected.DebugString());
  }
  CHECK(Policies(world, kOfWeb).scaling_policies_size() == 7);
  CHECK(Policies(world, "policy_types: 'PredictiveScaling'").scaling_policies_size() == 3);
  CHECK(Policies(world, "policy_names: ['step', 'none']").scaling_policies_size() == 1);
}

TEST_CASE("a policy that is put again stands in the place of the one before, under its ARN", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const std::string name = "policy_name: 'out' adjustment_type: 'ChangeInCapacity' scaling_adjustment: ";
  const std::string arn = PutPolicy(world, name + "1").policy_arn();
  CHECK(PutPolicy(world, name + "2").policy_arn() == arn);
  const auto shown = Policies(world, kOfWeb);
  REQUIRE(shown.scaling_policies_size() == 1);
  CHECK(shown.scaling_policies(0).scaling_adjustment() == 2);
  REQUIRE_OK(world.Do("DeletePolicy", absl::StrCat("policy_name: '", arn, "'")));
  CHECK(Policies(world, kOfWeb).scaling_policies().empty());
}

TEST_CASE("a policy shows the alarms that name it among their actions", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const std::string arn =
      PutPolicy(world, "policy_name: 'out' adjustment_type: 'ChangeInCapacity' scaling_adjustment: 1").policy_arn();
  REQUIRE_OK(world
                 .CallText("PutMetricAlarm",
                           absl::StrCat("alarm_name: 'busy' namespace: 'AWS/EC2' metric_name: 'CPUUtilization' "
                                        "statistic: 'Average' period: 60 evaluation_periods: 1 threshold: 70 "
                                        "comparison_operator: 'GreaterThanThreshold' alarm_actions: '",
                                        arn, "'"))
                 .status());
  const auto shown = Policies(world, kOfWeb);
  REQUIRE(shown.scaling_policies_size() == 1);
  REQUIRE(shown.scaling_policies(0).alarms_size() == 1);
  CHECK(shown.scaling_policies(0).alarms(0).alarm_name() == "busy");
  CHECK(absl::EndsWith(shown.scaling_policies(0).alarms(0).alarm_arn(), ":alarm:busy"));
}

TEST_CASE("a simple policy that is executed changes the desired capacity", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  PutPolicy(world, "policy_name: 'out' adjustment_type: 'ExactCapacity' scaling_adjustment: 2");
  REQUIRE_OK(world.Do("ExecutePolicy", absl::StrCat(kOfWeb, "policy_name: 'out'")));
  CHECK(world.WaitInService("web", 2).desired_capacity() == 2);
}

TEST_CASE("a step policy that is executed goes by how far the metric is past the threshold", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  PutPolicy(world,
            "policy_name: 'step' policy_type: 'StepScaling' adjustment_type: 'ChangeInCapacity' "
            "step_adjustments { metric_interval_lower_bound: 0 metric_interval_upper_bound: 10 scaling_adjustment: 1 } "
            "step_adjustments { metric_interval_lower_bound: 10 scaling_adjustment: 3 }");
  REQUIRE_OK(
      world.Do("ExecutePolicy", absl::StrCat(kOfWeb, "policy_name: 'step' metric_value: 65 breach_threshold: 50")));
  CHECK(world.WaitInService("web", 3).desired_capacity() == 3);
}

TEST_CASE("what a scheduled action is not given stays as it is", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const std::string night = absl::StrCat(kOfWeb, "scheduled_action_name: 'night' ");
  REQUIRE_OK(world.Do("PutScheduledUpdateGroupAction",
                      night + "recurrence: '0 22 * * *' time_zone: 'Europe/Paris' min_size: 0 desired_capacity: 1"));
  REQUIRE_OK(world.Do("PutScheduledUpdateGroupAction", night + "desired_capacity: 2 max_size: 3"));
  const auto shown = Schedules(world, kOfWeb);
  REQUIRE(shown.scheduled_update_group_actions_size() == 1);
  const autoscaling::v1::ScheduledUpdateGroupAction& action = shown.scheduled_update_group_actions(0);
  CHECK(action.recurrence() == "0 22 * * *");
  CHECK(action.time_zone() == "Europe/Paris");
  CHECK(action.min_size() == 0);
  CHECK(action.has_min_size());
  CHECK(action.max_size() == 3);
  CHECK(action.desired_capacity() == 2);
  // 22:00 in Paris is 21:00 UTC in January 2027, the clock's month.
  CHECK(absl::EndsWith(action.start_time(), "T21:00:00.000Z"));
  CHECK(action.time() == action.start_time());
  CHECK(absl::EndsWith(action.scheduled_action_arn(), ":autoScalingGroupName/web:scheduledActionName/night"));
  REQUIRE_OK(world.Do("DeleteScheduledAction", night));
  CHECK(Schedules(world).scheduled_update_group_actions().empty());
}

TEST_CASE("of a batch of scheduled actions those that can be are made, and the others are told", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const auto put = world.Ask<autoscaling::v1::BatchPutScheduledUpdateGroupActionResponse,
                             autoscaling::v1::BatchPutScheduledUpdateGroupActionRequest>(
      absl::StrCat(kOfWeb,
                   "scheduled_update_group_actions { scheduled_action_name: 'good' recurrence: '0 8 * * *' "
                   "desired_capacity: 1 } scheduled_update_group_actions { scheduled_action_name: 'bad' "
                   "recurrence: 'often' desired_capacity: 1 }"));
  REQUIRE(put.failed_scheduled_update_group_actions_size() == 1);
  CHECK(put.failed_scheduled_update_group_actions(0).scheduled_action_name() == "bad");
  CHECK(put.failed_scheduled_update_group_actions(0).error_code() == "ValidationError");
  CHECK(!put.failed_scheduled_update_group_actions(0).error_message().empty());
  CHECK(Schedules(world).scheduled_update_group_actions_size() == 1);
  const auto deleted =
      world
          .Ask<autoscaling::v1::BatchDeleteScheduledActionResponse, autoscaling::v1::BatchDeleteScheduledActionRequest>(
              absl::StrCat(kOfWeb, "scheduled_action_names: ['good', 'bad']"));
  REQUIRE(deleted.failed_scheduled_actions_size() == 1);
  CHECK(deleted.failed_scheduled_actions(0).scheduled_action_name() == "bad");
  CHECK(Schedules(world).scheduled_update_group_actions().empty());
}

TEST_CASE("scheduled actions are found by when they run next", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const absl::Time now = world.clock.Now();
  const auto at = [](absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); };
  REQUIRE_OK(world.Do("PutScheduledUpdateGroupAction",
                      absl::StrCat(kOfWeb, "scheduled_action_name: 'soon' desired_capacity: 1 start_time: '",
                                   at(now + absl::Hours(1)), "'")));
  REQUIRE_OK(world.Do("PutScheduledUpdateGroupAction",
                      absl::StrCat(kOfWeb, "scheduled_action_name: 'late' desired_capacity: 1 time: '",
                                   at(now + absl::Hours(9)), "'")));
  const auto found = Schedules(world, absl::StrCat("end_time: '", at(now + absl::Hours(2)), "'"));
  REQUIRE(found.scheduled_update_group_actions_size() == 1);
  CHECK(found.scheduled_update_group_actions(0).scheduled_action_name() == "soon");
  CHECK(Schedules(world, absl::StrCat("start_time: '", at(now + absl::Hours(2)), "'"))
            .scheduled_update_group_actions(0)
            .scheduled_action_name() == "late");
}

TEST_CASE("a lifecycle hook holds a new member until it is completed", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web");
  const std::string ready = absl::StrCat(kOfWeb, "lifecycle_hook_name: 'ready' ");
  REQUIRE_OK(world.Do("PutLifecycleHook", ready + "lifecycle_transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' "
                                                  "heartbeat_timeout: 300 notification_metadata: 'm'"));
  REQUIRE_OK(world.Do("PutLifecycleHook", ready + "default_result: 'CONTINUE' notification_target_arn: 'http://h/x'"));
  const auto hooks = Hooks(world);
  REQUIRE(hooks.lifecycle_hooks_size() == 1);
  const autoscaling::v1::LifecycleHook& hook = hooks.lifecycle_hooks(0);
  CHECK(hook.lifecycle_transition() == "autoscaling:EC2_INSTANCE_LAUNCHING");
  CHECK(hook.heartbeat_timeout() == 300);
  CHECK(hook.global_timeout() == 30000);
  CHECK(hook.default_result() == "CONTINUE");
  CHECK(hook.notification_metadata() == "m");
  CHECK(hook.notification_target_arn() == "http://h/x");
  // What configurations of AWS name stays as they name it.
  const std::string topic = "arn:aws:sns:us-east-1:123456789012:hooks", role = "arn:aws:iam::123456789012:role/told";
  REQUIRE_OK(world.Do("PutLifecycleHook",
                      absl::StrCat(ready, "notification_target_arn: '", topic, "' role_arn: '", role, "'")));
  const auto kept = Hooks(world);
  CHECK(kept.lifecycle_hooks(0).notification_target_arn() == topic);
  CHECK(kept.lifecycle_hooks(0).role_arn() == role);

  REQUIRE_OK(world.Do("SetDesiredCapacity", absl::StrCat(kOfWeb, "desired_capacity: 1")));
  const autoscaling::v1::AutoScalingGroup held =
      world.ReconcileUntil("web", [](const autoscaling::v1::AutoScalingGroup& group) {
        return group.instances_size() == 1 && group.instances(0).lifecycle_state() == "Pending:Wait";
      });
  CHECK(world
            .Ask<autoscaling::v1::DescribeAutoScalingGroupsResponse, autoscaling::v1::DescribeAutoScalingGroupsRequest>(
                "include_instances: false")
            .auto_scaling_groups(0)
            .instances()
            .empty());
  const std::string of_member = absl::StrCat(ready, "instance_id: '", held.instances(0).instance_id(), "' ");
  REQUIRE_OK(world.Do("RecordLifecycleActionHeartbeat", of_member));
  REQUIRE_OK(world.Do("CompleteLifecycleAction", of_member + "lifecycle_action_result: 'CONTINUE'"));
  world.WaitInService("web", 1);
  REQUIRE_OK(world.Do("DeleteLifecycleHook", ready));
  CHECK(Hooks(world).lifecycle_hooks().empty());
}

TEST_CASE("a warm pool shows its instances, which are no members of the group", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 2");
  REQUIRE_OK(world.Do("PutWarmPool", absl::StrCat(kOfWeb,
                                                  "min_size: 1 max_group_prepared_capacity: 1 pool_state: "
                                                  "'Running' instance_reuse_policy { reuse_on_scale_in: true "
                                                  "}")));
  const autoscaling::v1::AutoScalingGroup group = world.ReconcileUntil(
      "web", [](const autoscaling::v1::AutoScalingGroup& now) { return now.warm_pool_size() == 1; });
  CHECK(group.instances().empty());
  CHECK(group.warm_pool_configuration().min_size() == 1);
  CHECK(group.warm_pool_configuration().max_group_prepared_capacity() == 1);
  CHECK(group.warm_pool_configuration().pool_state() == "Running");
  CHECK(group.warm_pool_configuration().instance_reuse_policy().reuse_on_scale_in());
  const auto pool =
      world.Ask<autoscaling::v1::DescribeWarmPoolResponse, autoscaling::v1::DescribeWarmPoolRequest>(kOfWeb);
  REQUIRE(pool.instances_size() == 1);
  CHECK(absl::StartsWith(pool.instances(0).lifecycle_state(), "Warmed:"));
  CHECK(pool.warm_pool_configuration().DebugString() == group.warm_pool_configuration().DebugString());
  REQUIRE_OK(world.Do("DeleteWarmPool", absl::StrCat(kOfWeb, "force_delete: true")));
  world.ReconcileUntil("web", [](const autoscaling::v1::AutoScalingGroup& now) {
    return !now.has_warm_pool_configuration() && now.warm_pool_size() == 0;
  });
}

TEST_CASE("a refresh is described as it was started, and ends when it is cancelled", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 4 desired_capacity: 1");
  world.WaitInService("web", 1);
  const auto started =
      world.Ask<autoscaling::v1::StartInstanceRefreshResponse, autoscaling::v1::StartInstanceRefreshRequest>(
          absl::StrCat(kOfWeb,
                       "strategy: 'Rolling' desired_configuration { launch_template { launch_template_name: 'web' "
                       "version: '$Latest' } } preferences { min_healthy_percentage: 50 instance_warmup: 5 "
                       "checkpoint_percentages: [50, 100] checkpoint_delay: 60 skip_matching: false }"));
  const auto shown =
      world.Ask<autoscaling::v1::DescribeInstanceRefreshesResponse, autoscaling::v1::DescribeInstanceRefreshesRequest>(
          kOfWeb);
  REQUIRE(shown.instance_refreshes_size() == 1);
  const autoscaling::v1::InstanceRefresh& refresh = shown.instance_refreshes(0);
  CHECK(refresh.instance_refresh_id() == started.instance_refresh_id());
  CHECK((refresh.status() == "Pending" || refresh.status() == "InProgress"));
  CHECK(refresh.preferences().min_healthy_percentage() == 50);
  CHECK(refresh.preferences().instance_warmup() == 5);
  CHECK(refresh.preferences().checkpoint_percentages_size() == 2);
  CHECK(refresh.preferences().checkpoint_delay() == 60);
  CHECK(refresh.desired_configuration().launch_template().version() == "$Latest");
  CHECK(ec2::ErrorCode(world.Do("StartInstanceRefresh", kOfWeb)) == "InstanceRefreshInProgress");
  const auto cancelled =
      world.Ask<autoscaling::v1::CancelInstanceRefreshResponse, autoscaling::v1::CancelInstanceRefreshRequest>(kOfWeb);
  CHECK(cancelled.instance_refresh_id() == started.instance_refresh_id());
}

TEST_CASE("a launch configuration is described as it was made, and members are launched from it", "[scaling_api]") {
  ScalingApiWorld world;
  const std::string more = absl::StrCat(
      "launch_configuration_name: 'lc' image_id: '", world.image.text(),
      "' instance_type: 'b1.small' user_data: 'aGk=' block_device_mappings { device_name: '/dev/vda' ebs { "
      "volume_size: 9 volume_type: 'gp2' delete_on_termination: true } } instance_monitoring { enabled: false } "
      "ebs_optimized: true associate_public_ip_address: true placement_tenancy: 'default' metadata_options { "
      "http_tokens: 'optional' http_put_response_hop_limit: 2 http_endpoint: 'enabled' }");
  REQUIRE_OK(world.Do("CreateLaunchConfiguration", more));
  autoscaling::v1::LaunchConfiguration shown = Configuration(world, "lc");
  CHECK(absl::StrContains(shown.launch_configuration_arn(), ":launchConfiguration:"));
  CHECK(absl::EndsWith(shown.launch_configuration_arn(), ":launchConfigurationName/lc"));
  CHECK(!shown.created_time().empty());
  shown.clear_launch_configuration_arn();
  shown.clear_created_time();
  CHECK(
      shown.DebugString() ==
      Parsed<autoscaling::v1::LaunchConfiguration>(more + " key_name: '' kernel_id: '' ramdisk_id: ''").DebugString());

  world.CreateGroup("web", "min_size: 1 max_size: 2 launch_configuration_name: 'lc'");
  const autoscaling::v1::AutoScalingGroup group = world.WaitInService("web", 1);
  CHECK(group.launch_configuration_name() == "lc");
  CHECK(group.instances(0).launch_configuration_name() == "lc");
  CHECK(group.instances(0).instance_type() == "b1.small");
  const Instance instance = world.Row(InstanceId::FromTrusted(group.instances(0).instance_id()));
  CHECK(instance.user_data == "hi");
  CHECK(instance.metadata_options.hop_limit == 2);
  CHECK(instance.metadata_options.tokens == HttpTokens::kOptional);
  CHECK(!instance.monitoring);
  CHECK(ec2::ErrorCode(world.Do("DeleteLaunchConfiguration", "launch_configuration_name: 'lc'")) == "ResourceInUse");
}

TEST_CASE("a launch configuration takes from an instance what it is not given, and not its profile", "[scaling_api]") {
  ScalingApiWorld world;
  REQUIRE_OK(world.CallText("CreateInstanceProfile", "instance_profile_name: 'servers'").status());
  compute::RunRequest request = world.Request();
  request.user_data = "hello";
  const InstanceId id = world.Launch(request);
  REQUIRE_OK(world
                 .CallText("AssociateIamInstanceProfile",
                           absl::StrCat("instance_id: '", id.text(), "' iam_instance_profile { name: 'servers' }"))
                 .status());
  REQUIRE_OK(world.Do(
      "CreateLaunchConfiguration",
      absl::StrCat("launch_configuration_name: 'copy' instance_type: 'b1.small' instance_id: '", id.text(), "'")));
  const autoscaling::v1::LaunchConfiguration shown = Configuration(world, "copy");
  CHECK(shown.image_id() == world.image.text());
  CHECK(shown.instance_type() == "b1.small");
  CHECK(shown.user_data() == absl::Base64Escape("hello"));
  REQUIRE(shown.security_groups_size() == 1);
  CHECK(absl::StartsWith(shown.security_groups(0), "sg-"));
  CHECK(!shown.has_iam_instance_profile());
}

TEST_CASE("who has a group launch instances with a role needs iam:PassRole for it", "[scaling_api]") {
  ScalingApiWorld world;
  const std::string trust = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",)"
                            R"("Principal":{"Service":"ec2.amazonaws.com"}}})";
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["autoscaling:*","ec2:RunInstances",)"
      R"("ec2:CreateTags"],"Resource":"*"}})";
  for (const auto& [action, request] : std::vector<std::pair<std::string, std::string>>{
           {"CreateUser", "user_name: 'ada'"},
           {"PutUserPolicy", absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: '", policy, "'")},
           {"CreateRole", absl::StrCat("role_name: 'web' assume_role_policy_document: '", trust, "'")},
           {"CreateInstanceProfile", "instance_profile_name: 'servers'"},
           {"AddRoleToInstanceProfile", "instance_profile_name: 'servers' role_name: 'web'"},
           {"CreateLaunchTemplateVersion",
            "launch_template_name: 'web' source_version: '1' launch_template_data { iam_instance_profile { name: "
            "'servers' } }"}}) {
    REQUIRE_OK(world.CallText(action, request).status());
  }
  const auto shown = Value(world.CallText("GetUser", "user_name: 'ada'"));
  const auto& user = static_cast<const iam::v1::GetUserResponse&>(*shown).user();
  const Caller ada{.principal = user.arn(),
                   .source = "127.0.0.1",
                   .request_id = "request-2",
                   .arn = user.arn(),
                   .principal_id = user.user_id(),
                   .user_name = "ada"};
  const auto as_ada = [&](const std::string& action, const std::string& text) {
    const auto* method = world.FindRpc("autoscaling:" + action);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return ec2::ErrorCode(world.dispatcher.Call(*method, *request, ada).status());
  };
  const std::string sizes = absl::StrCat("min_size: 0 max_size: 1 availability_zones: '", world.zone, "' ");
  const auto of_version = [](const std::string& version) {
    return "launch_template { launch_template_name: 'web' version: '" + version + "' }";
  };
  CHECK(as_ada("CreateAutoScalingGroup", sizes + "auto_scaling_group_name: 'plain' " + of_version("1")).empty());
  CHECK(as_ada("CreateAutoScalingGroup", sizes + "auto_scaling_group_name: 'roles' " + of_version("2")) ==
        "AccessDenied");
  CHECK(as_ada("CreateAutoScalingGroup", sizes + "auto_scaling_group_name: 'roles' mixed_instances_policy { "
                                                 "launch_template { launch_template_specification { "
                                                 "launch_template_name: 'web' version: '$Latest' } } }") ==
        "AccessDenied");
  CHECK(as_ada("UpdateAutoScalingGroup", "auto_scaling_group_name: 'plain' " + of_version("2")) == "AccessDenied");
  CHECK(as_ada("StartInstanceRefresh",
               "auto_scaling_group_name: 'plain' desired_configuration { " + of_version("2") + " }") == "AccessDenied");
  CHECK(as_ada("CreateLaunchConfiguration",
               absl::StrCat("launch_configuration_name: 'lc' instance_type: 'b1.tiny' image_id: '", world.image.text(),
                            "' iam_instance_profile: 'servers'")) == "AccessDenied");
}

TEST_CASE("who gives Auto Scaling a role for a hook, or one in the place of AWS's, needs iam:PassRole for it",
          "[scaling_api]") {
  ScalingApiWorld world;
  REQUIRE_OK(world.CallText("CreateUser", "user_name: 'ada'").status());
  const auto shown = Value(world.CallText("GetUser", "user_name: 'ada'"));
  const auto& user = static_cast<const iam::v1::GetUserResponse&>(*shown).user();
  const Caller ada{.principal = user.arn(),
                   .source = "127.0.0.1",
                   .request_id = "request-2",
                   .arn = user.arn(),
                   .principal_id = user.user_id(),
                   .user_name = "ada"};
  const auto set_policy = [&](const std::string& passes) {
    const std::string policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:PassRole","Resource":"*"})" +
        passes + "]}";
    REQUIRE_OK(world
                   .CallText("PutUserPolicy",
                             absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: '", policy, "'"))
                   .status());
  };
  const auto as_ada = [&](const std::string& action, const std::string& text) {
    const auto* method = world.FindRpc("autoscaling:" + action);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return ec2::ErrorCode(world.dispatcher.Call(*method, *request, ada).status());
  };
  const std::string account = world.settings.account_id, role = "arn:aws:iam::" + account + ":role/ci/hooks";
  const std::string linked =
      "arn:aws:iam::" + account + ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  const auto group = [&](const std::string& name) {
    return absl::StrCat("auto_scaling_group_name: '", name, "' min_size: 0 max_size: 1 availability_zones: '",
                        world.zone, "' launch_template { launch_template_name: 'web' version: '1' } ");
  };
  const std::string hook =
      "lifecycle_hook_name: 'h' lifecycle_transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' "
      "notification_target_arn: 'arn:aws:sns:us-east-1:000000000000:t' role_arn: '" +
      role + "' ";
  const std::string put = "auto_scaling_group_name: 'plain' " + hook;
  set_policy("");
  CHECK(as_ada("CreateAutoScalingGroup", group("plain") + "service_linked_role_arn: '" + linked + "'").empty());
  CHECK(as_ada("PutLifecycleHook", put) == "AccessDenied");
  CHECK(as_ada("CreateAutoScalingGroup", group("hooked") + "lifecycle_hook_specification_list { " + hook + "}") ==
        "AccessDenied");
  CHECK(as_ada("CreateAutoScalingGroup", group("own") + "service_linked_role_arn: '" + linked + "_own'") ==
        "AccessDenied");
  CHECK(as_ada("UpdateAutoScalingGroup",
               "auto_scaling_group_name: 'plain' service_linked_role_arn: '" + linked + "_own'") == "AccessDenied");
  set_policy(R"(,{"Effect":"Allow","Action":"iam:PassRole","Resource":")" + role +
             R"(","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}})");
  CHECK(as_ada("PutLifecycleHook", put) == "AccessDenied");
  set_policy(R"(,{"Effect":"Allow","Action":"iam:PassRole","Resource":")" + role +
             R"(","Condition":{"StringEquals":{"iam:PassedToService":"autoscaling.amazonaws.com"}}})");
  CHECK(as_ada("PutLifecycleHook", put).empty());
  set_policy(
      R"(,{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"ArnLike":)"
      R"({"iam:AssociatedResourceArn":"arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/hooked"}}})");
  CHECK(as_ada("PutLifecycleHook", put) == "AccessDenied");
  CHECK(
      as_ada("CreateAutoScalingGroup", group("hooked") + "lifecycle_hook_specification_list { " + hook + "}").empty());
}

}  // namespace brume
