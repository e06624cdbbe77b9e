// Every kind of bad input to Auto Scaling has AWS's own code, and changes nothing.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/autoscaling/scaling_api_fixture.h"
#include "tests/gateway/bad_input.h"

namespace brume {
namespace {

// A mixed instances policy with one override, or more.
std::string Overrides(const std::string& override) {
  return absl::StrCat(
      "mixed_instances_policy { launch_template { launch_template_specification { launch_template_name: 'web' } "
      "overrides "
      "{ ",
      override, " } } }");
}

// There are the group web of one zone with one member $I, a hook 'ready', policies 'out' and 'track' and a scheduled
// action 'night'; the launch configuration lc; the group other with tag team; and $LONER, of no group.
std::vector<Case> Cases() {
  const char* invalid = "ValidationError";
  const std::string web = "auto_scaling_group_name: 'web' ", none = "auto_scaling_group_name: 'none' ";
  const std::string fresh = "auto_scaling_group_name: 'new' ", sizes = "min_size: 0 max_size: 1 ";
  const std::string zone = "availability_zones: '$ZONE' ", source = "launch_template { launch_template_name: 'web' } ";
  const std::string loner = "instance_ids: '$LONER' ", gone = "instance_ids: 'i-00000000000000000' ";
  const std::string member = "instance_ids: '$I' ", decrement = "should_decrement_desired_capacity: true ";
  const std::string lc = "launch_configuration_name: 'new' image_id: '$AMI' instance_type: 'b1.tiny' ";
  const std::string policy = web + "policy_name: 'p' ";
  const std::string tracking = policy + "policy_type: 'TargetTrackingScaling' target_tracking_configuration ";
  const std::string cpu = "predefined_metric_specification { predefined_metric_type: 'ASGAverageCPUUtilization' } ";
  const std::string step = policy + "policy_type: 'StepScaling' adjustment_type: 'ChangeInCapacity' ";
  const std::string predictive = policy + "policy_type: 'PredictiveScaling' predictive_scaling_configuration ";
  const std::string schedule = web + "scheduled_action_name: 's' ", hook = web + "lifecycle_hook_name: 'h' ";
  const std::string launching = "lifecycle_transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' ";
  return {
      // Groups
      {invalid, "CreateAutoScalingGroup", sizes + zone + source},
      {invalid, "CreateAutoScalingGroup", fresh + "min_size: 0 " + zone + source},
      {invalid, "CreateAutoScalingGroup", fresh + "min_size: 2 max_size: 1 " + zone + source},
      {invalid, "CreateAutoScalingGroup", fresh + "min_size: -1 max_size: 1 " + zone + source},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + "desired_capacity: 2 " + zone + source},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + source},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "launch_configuration_name: 'lc'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "launch_configuration_name: 'none'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "launch_template { launch_template_name: 'none' }"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "launch_template { launch_template_id: 'lt-x' }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + "launch_template { launch_template_id: 'lt-00000000000000000' }"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "launch_template { version: '1' }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + "launch_template { launch_template_name: 'web' version: '7' }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + "launch_template { launch_template_name: 'web' version: 'latest' }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + "launch_template { launch_template_name: 'web' launch_template_id: '$LT' }"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "mixed_instances_policy { }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone +
           "mixed_instances_policy { launch_template { launch_template_specification { launch_template_name: 'web' } "
           "overrides { instance_type: 'x9.none' } } }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone +
           "mixed_instances_policy { launch_template { launch_template_specification { launch_template_name: 'web' } "
           "overrides { instance_type: 'b1.tiny' weighted_capacity: '1000' } } }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + Overrides("instance_type: 'b1.tiny' weighted_capacity: '0'")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + Overrides("instance_type: 'b1.tiny' weighted_capacity: 'two'")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone +
           Overrides("instance_type: 'b1.tiny' weighted_capacity: '2' } overrides { instance_type: 'b1.small'")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + Overrides("instance_type: 'b1.tiny' } overrides { instance_type: 'b1.tiny'")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone +
           Overrides("instance_type: 'b1.tiny' launch_template_specification { launch_template_name: 'none' }")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone +
           Overrides("instance_type: 'b1.tiny' launch_template_specification { launch_template_name: 'web' version: "
                     "'99' }")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + Overrides("instance_requirements { v_cpu_count { min: 1 } }")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + Overrides("instance_requirements { v_cpu_count { min: 1000 } memory_mi_b { min: 1 } }")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone +
           Overrides(
               "instance_type: 'b1.tiny' instance_requirements { v_cpu_count { min: 1 } memory_mi_b { min: 1 } }")},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + source + "instance_maintenance_policy { min_healthy_percentage: 90 }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + source +
           "instance_maintenance_policy { min_healthy_percentage: 20 max_healthy_percentage: 200 }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + source +
           "instance_maintenance_policy { min_healthy_percentage: 90 max_healthy_percentage: 90 }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + source + "availability_zone_impairment_policy { zonal_shift_enabled: true }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + source +
           "capacity_reservation_specification { capacity_reservation_preference: 'capacity-reservations-only' }"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + "availability_zones: 'mars-1a' " + source},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + "vpc_zone_identifier: 'subnet-x' " + source},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + "vpc_zone_identifier: 'subnet-00000000000000000' " + source},
      {invalid, "CreateAutoScalingGroup", "auto_scaling_group_name: 'a:b' " + sizes + zone + source},
      {"AlreadyExists", "CreateAutoScalingGroup", web + sizes + zone + source},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "instance_id: 'x'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + "instance_id: 'i-00000000000000000'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "instance_id: '$I'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "load_balancer_names: 'lb'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "target_group_arns: 'arn:aws:x'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "traffic_sources { identifier: 'x' }"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "placement_group: 'pg'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "health_check_type: 'PULSE'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "health_check_type: 'EC2,PULSE'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "health_check_type: 'EC2,'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "termination_policies: 'Random'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "max_instance_lifetime: 60"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "default_instance_warmup: -2"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "desired_capacity_type: 'vcpu'"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "tags { key: 'aws:x' value: 'y' }"},
      {invalid, "CreateAutoScalingGroup", fresh + sizes + zone + source + "tags { value: 'y' }"},
      {invalid, "CreateAutoScalingGroup",
       fresh + sizes + zone + source + "lifecycle_hook_specification_list { lifecycle_hook_name: 'h' }"},
      {invalid, "UpdateAutoScalingGroup", none + "max_size: 1"},
      {invalid, "UpdateAutoScalingGroup", web + "min_size: 9 max_size: 8"},
      {invalid, "UpdateAutoScalingGroup", web + "desired_capacity: 9"},
      {invalid, "UpdateAutoScalingGroup", web + "vpc_zone_identifier: 'subnet-00000000000000000'"},
      {invalid, "DeleteAutoScalingGroup", none},
      {"ResourceInUse", "DeleteAutoScalingGroup", web},
      {invalid, "SetDesiredCapacity", none + "desired_capacity: 1"},
      {invalid, "SetDesiredCapacity", web},
      {invalid, "SetDesiredCapacity", web + "desired_capacity: 9"},
      {"InvalidNextToken", "DescribeAutoScalingGroups", "next_token: 'x'"},
      {invalid, "DescribeAutoScalingGroups", "max_records: 101"},
      {invalid, "DescribeAutoScalingGroups", "filters { name: 'colour' values: 'red' }"},
      {invalid, "DescribeAutoScalingGroups", "filters { name: 'tag-key' }"},
      // Members
      {invalid, "DescribeAutoScalingInstances", "instance_ids: 'x'"},
      {"InvalidNextToken", "DescribeAutoScalingInstances", "next_token: 'x'"},
      {invalid, "AttachInstances", web + gone},
      {invalid, "AttachInstances", web + member},
      {invalid, "AttachInstances", none + loner},
      {invalid, "AttachInstances", web},
      {invalid, "DetachInstances", web + loner + decrement},
      {invalid, "DetachInstances", web + member},
      {invalid, "DetachInstances", none + member + decrement},
      {invalid, "EnterStandby", web + loner + decrement},
      {invalid, "ExitStandby", web + member},
      {invalid, "SetInstanceHealth", "instance_id: '$LONER' health_status: 'Healthy'"},
      {invalid, "SetInstanceHealth", "instance_id: '$I' health_status: 'Fine'"},
      {invalid, "SetInstanceHealth", "instance_id: 'x' health_status: 'Healthy'"},
      {invalid, "SetInstanceProtection", web + loner + "protected_from_scale_in: true"},
      {invalid, "SetInstanceProtection", web + member},
      {invalid, "TerminateInstanceInAutoScalingGroup", "instance_id: '$LONER' " + decrement},
      {invalid, "TerminateInstanceInAutoScalingGroup", "instance_id: '$I'"},
      {invalid, "DescribeScalingActivities", none},
      {"InvalidNextToken", "DescribeScalingActivities", "next_token: 'x'"},
      {invalid, "DescribeScalingActivities", "max_records: 0"},
      // Processes, metrics, tags
      {invalid, "SuspendProcesses", none},
      {invalid, "SuspendProcesses", web + "scaling_processes: 'Breathe'"},
      {invalid, "ResumeProcesses", web + "scaling_processes: 'Breathe'"},
      {invalid, "EnableMetricsCollection", web},
      {invalid, "EnableMetricsCollection", web + "granularity: '1Hour'"},
      {invalid, "EnableMetricsCollection", web + "granularity: '1Minute' metrics: 'GroupMood'"},
      {invalid, "DisableMetricsCollection", none},
      {invalid, "CreateOrUpdateTags", "tags { resource_id: 'none' key: 'a' value: 'b' }"},
      {invalid, "CreateOrUpdateTags", "tags { resource_id: 'web' resource_type: 'instance' key: 'a' }"},
      {invalid, "CreateOrUpdateTags", "tags { key: 'a' value: 'b' }"},
      {invalid, "CreateOrUpdateTags", ""},
      {invalid, "CreateOrUpdateTags", "tags { resource_id: 'web' key: 'AWS:x' value: 'b' }"},
      {invalid, "DeleteTags", "tags { resource_id: 'none' key: 'team' }"},
      {invalid, "DescribeTags", "filters { name: 'colour' values: 'red' }"},
      // Policies
      {invalid, "PutScalingPolicy", none + "policy_name: 'p' adjustment_type: 'ExactCapacity' scaling_adjustment: 1"},
      {invalid, "PutScalingPolicy", policy + "adjustment_type: 'ExactCapacity'"},
      {invalid, "PutScalingPolicy", policy + "scaling_adjustment: 1"},
      {invalid, "PutScalingPolicy", policy + "adjustment_type: 'Twice' scaling_adjustment: 1"},
      {invalid, "PutScalingPolicy", policy + "policy_type: 'Magic'"},
      {invalid, "PutScalingPolicy",
       policy + "adjustment_type: 'ExactCapacity' scaling_adjustment: 1 min_adjustment_magnitude: 2"},
      {invalid, "PutScalingPolicy",
       policy + "adjustment_type: 'ExactCapacity' scaling_adjustment: 1 step_adjustments { scaling_adjustment: 1 }"},
      {invalid, "PutScalingPolicy",
       "auto_scaling_group_name: 'web' policy_name: 'a:b' adjustment_type: "
       "'ExactCapacity' scaling_adjustment: 1"},
      {invalid, "PutScalingPolicy", step},
      {invalid, "PutScalingPolicy", step + "step_adjustments { metric_interval_lower_bound: 0 }"},
      {invalid, "PutScalingPolicy",
       step + "step_adjustments { metric_interval_lower_bound: 0 metric_interval_upper_bound: 5 scaling_adjustment: 1 "
              "} step_adjustments { metric_interval_lower_bound: 3 scaling_adjustment: 2 }"},
      {invalid, "PutScalingPolicy",
       step + "step_adjustments { metric_interval_lower_bound: 0 metric_interval_upper_bound: 5 scaling_adjustment: 1 "
              "} step_adjustments { metric_interval_lower_bound: 6 scaling_adjustment: 2 }"},
      {invalid, "PutScalingPolicy", policy + "policy_type: 'TargetTrackingScaling'"},
      {invalid, "PutScalingPolicy", tracking + "{ target_value: 50 }"},
      {invalid, "PutScalingPolicy", tracking + "{ " + cpu + " }"},
      {invalid, "PutScalingPolicy", tracking + "{ " + cpu + " target_value: -1 }"},
      {invalid, "PutScalingPolicy",
       tracking + "{ predefined_metric_specification { predefined_metric_type: 'ALBRequestCountPerTarget' } "
                  "target_value: 5 }"},
      {invalid, "PutScalingPolicy",
       tracking + "{ customized_metric_specification { metric_name: 'm' namespace: 'n' } target_value: 5 }"},
      {invalid, "PutScalingPolicy",
       tracking + "{ customized_metric_specification { metric_name: 'm' namespace: 'n' statistic: 'Sum' dimensions { "
                  "name: 'a' value: '1' } dimensions { name: 'a' value: '2' } } target_value: 5 }"},
      {invalid, "PutScalingPolicy", predictive + "{ }"},
      {invalid, "PutScalingPolicy", predictive + "{ metric_specifications { target_value: 5 } }"},
      {invalid, "PutScalingPolicy",
       predictive + "{ metric_specifications { target_value: 5 predefined_scaling_metric_specification { "
                    "predefined_metric_type: 'ASGAverageCPUUtilization' } predefined_load_metric_specification { "
                    "predefined_metric_type: 'ASGTotalNetworkIn' } } }"},
      {invalid, "PutScalingPolicy",
       predictive + "{ metric_specifications { target_value: 5 predefined_metric_pair_specification { "
                    "predefined_metric_type: 'ASGCPUUtilization' } } max_capacity_buffer: 5 }"},
      {invalid, "PutScalingPolicy",
       predictive + "{ metric_specifications { target_value: 5 customized_load_metric_specification { "
                    "metric_data_queries { id: 'l' expression: '1' } } } }"},
      {invalid, "PutScalingPolicy",
       predictive + "{ metric_specifications { target_value: 5 predefined_metric_pair_specification { "
                    "predefined_metric_type: 'ASGCPUUtilization' } customized_load_metric_specification { "
                    "metric_data_queries { id: 'l' expression: '1' } } customized_scaling_metric_specification { "
                    "metric_data_queries { id: 's' expression: '1' } } } }"},
      {invalid, "PutScalingPolicy",
       predictive + "{ metric_specifications { target_value: 5 customized_load_metric_specification { "
                    "metric_data_queries { id: 'l' expression: '1' return_data: false } } "
                    "customized_scaling_metric_specification { metric_data_queries { id: 's' expression: '1' } } } }"},
      {invalid, "DescribePolicies", none},
      {"InvalidNextToken", "DescribePolicies", "next_token: 'x'"},
      {invalid, "DeletePolicy", web + "policy_name: 'none'"},
      {invalid, "DeletePolicy", "policy_name: 'out'"},
      {invalid, "ExecutePolicy", web + "policy_name: 'none'"},
      {invalid, "ExecutePolicy", web + "policy_name: 'track'"},
      {invalid, "GetPredictiveScalingForecast",
       web + "policy_name: 'out' start_time: '2027-01-15T00:00:00Z' end_time: "
             "'2027-01-16T00:00:00Z'"},
      {invalid, "GetPredictiveScalingForecast",
       web + "policy_name: 'out' start_time: '2027-01-16T00:00:00Z' end_time: '2027-01-15T00:00:00Z'"},
      {invalid, "GetPredictiveScalingForecast", web + "policy_name: 'out' start_time: 'noon' end_time: 'night'"},
      // Scheduled actions
      {invalid, "PutScheduledUpdateGroupAction", schedule},
      {invalid, "PutScheduledUpdateGroupAction", schedule + "desired_capacity: 1"},
      {invalid, "PutScheduledUpdateGroupAction", schedule + "recurrence: '0 8 * * *'"},
      {invalid, "PutScheduledUpdateGroupAction", schedule + "desired_capacity: 1 recurrence: '0 25 * * *'"},
      {invalid, "PutScheduledUpdateGroupAction", schedule + "desired_capacity: 1 start_time: '2001-01-01T00:00:00Z'"},
      {invalid, "PutScheduledUpdateGroupAction",
       schedule + "desired_capacity: 1 recurrence: '0 8 * * *' time_zone: 'Mars/North'"},
      {invalid, "PutScheduledUpdateGroupAction",
       schedule + "desired_capacity: 1 time: '2030-01-01T00:00:00Z' start_time: '2031-01-01T00:00:00Z'"},
      {invalid, "PutScheduledUpdateGroupAction",
       "auto_scaling_group_name: 'none' scheduled_action_name: 's' desired_capacity: 1 recurrence: '0 8 * * *'"},
      {invalid, "BatchPutScheduledUpdateGroupAction",
       none + "scheduled_update_group_actions { scheduled_action_name: 's' }"},
      {invalid, "BatchPutScheduledUpdateGroupAction", web},
      {invalid, "BatchDeleteScheduledAction", none + "scheduled_action_names: 's'"},
      {invalid, "DeleteScheduledAction", web + "scheduled_action_name: 'none'"},
      {invalid, "DescribeScheduledActions", none},
      {invalid, "DescribeScheduledActions", "scheduled_action_names: 'night' start_time: '2030-01-01T00:00:00Z'"},
      // Lifecycle hooks and warm pools
      {invalid, "PutLifecycleHook", hook},
      {invalid, "PutLifecycleHook", none + "lifecycle_hook_name: 'h' " + launching},
      {invalid, "PutLifecycleHook", hook + "lifecycle_transition: 'autoscaling:EC2_INSTANCE_DREAMING'"},
      {invalid, "PutLifecycleHook", hook + launching + "heartbeat_timeout: 29"},
      {invalid, "PutLifecycleHook", hook + launching + "default_result: 'MAYBE'"},
      {invalid, "PutLifecycleHook", hook + launching + "notification_target_arn: 'arn:aws:lambda:us-east-1:0:q'"},
      {invalid, "DeleteLifecycleHook", hook},
      {invalid, "DescribeLifecycleHooks", none},
      {invalid, "CompleteLifecycleAction",
       web + "lifecycle_hook_name: 'ready' lifecycle_action_result: 'CONTINUE' instance_id: '$I'"},
      {invalid, "CompleteLifecycleAction", web + "lifecycle_hook_name: 'ready' lifecycle_action_result: 'CONTINUE'"},
      {invalid, "CompleteLifecycleAction",
       web + "lifecycle_hook_name: 'ready' lifecycle_action_result: 'STAY' instance_id: '$I'"},
      {invalid, "RecordLifecycleActionHeartbeat", web + "lifecycle_hook_name: 'ready' instance_id: '$I'"},
      {invalid, "PutWarmPool", none},
      {invalid, "PutWarmPool", web + "pool_state: 'Hibernated'"},
      {invalid, "PutWarmPool", web + "min_size: -1"},
      {invalid, "DescribeWarmPool", none},
      {invalid, "DeleteWarmPool", none},
      // Instance refreshes
      {invalid, "StartInstanceRefresh", none},
      {invalid, "StartInstanceRefresh", web + "preferences { min_healthy_percentage: 101 }"},
      {invalid, "StartInstanceRefresh", web + "preferences { checkpoint_percentages: [50, 20] }"},
      {invalid, "StartInstanceRefresh", web + "strategy: 'Sudden'"},
      {invalid, "StartInstanceRefresh",
       web + "desired_configuration { launch_template { launch_template_name: 'none' } }"},
      {invalid, "StartInstanceRefresh", web + "desired_configuration { mixed_instances_policy { } }"},
      {invalid, "StartInstanceRefresh", web + "preferences { alarm_specification { alarms: 'a' } }"},
      {invalid, "StartInstanceRefresh", web + "preferences { standby_instances: 'Refresh' }"},
      {invalid, "StartInstanceRefresh", web + "preferences { max_healthy_percentage: 110 }"},
      {invalid, "StartInstanceRefresh", web + "preferences { min_healthy_percentage: 90 max_healthy_percentage: 99 }"},
      {invalid, "StartInstanceRefresh", web + "preferences { min_healthy_percentage: 10 max_healthy_percentage: 150 }"},
      {"ActiveInstanceRefreshNotFound", "CancelInstanceRefresh", web},
      {invalid, "CancelInstanceRefresh", none},
      {"ActiveInstanceRefreshNotFound", "RollbackInstanceRefresh", web},
      {invalid, "RollbackInstanceRefresh", none},
      {invalid, "StartInstanceRefresh", web + "preferences { auto_rollback: true }"},
      {invalid, "DescribeInstanceRefreshes", none},
      // Launch configurations
      {invalid, "CreateLaunchConfiguration", "launch_configuration_name: 'new' image_id: '$AMI'"},
      {invalid, "CreateLaunchConfiguration", "launch_configuration_name: 'new' instance_type: 'b1.tiny'"},
      {invalid, "CreateLaunchConfiguration",
       "launch_configuration_name: 'new' image_id: 'ami' instance_type: 'b1.tiny'"},
      {invalid, "CreateLaunchConfiguration",
       "launch_configuration_name: 'new' image_id: '$AMI' instance_type: 'x9.none'"},
      {"AlreadyExists", "CreateLaunchConfiguration",
       "launch_configuration_name: 'lc' image_id: '$AMI' instance_type: 'b1.tiny'"},
      {invalid, "CreateLaunchConfiguration", lc + "user_data: '***'"},
      {invalid, "CreateLaunchConfiguration", lc + "spot_price: '0.1'"},
      {invalid, "CreateLaunchConfiguration", lc + "kernel_id: 'aki-1'"},
      {invalid, "CreateLaunchConfiguration", lc + "placement_tenancy: 'dedicated'"},
      {invalid, "CreateLaunchConfiguration", lc + "iam_instance_profile: 'none'"},
      {invalid, "CreateLaunchConfiguration", lc + "associate_public_ip_address: true security_groups: 'default'"},
      {invalid, "CreateLaunchConfiguration",
       lc + "block_device_mappings { device_name: '/dev/vda' ebs { snapshot_id: 'snap-1' } }"},
      {invalid, "CreateLaunchConfiguration",
       lc + "block_device_mappings { device_name: '/dev/vdb' no_device: true ebs { volume_size: 1 } }"},
      {invalid, "CreateLaunchConfiguration", lc + "metadata_options { http_tokens: 'maybe' }"},
      {invalid, "CreateLaunchConfiguration", "launch_configuration_name: 'new' instance_id: 'i-00000000000000000'"},
      {invalid, "DeleteLaunchConfiguration", "launch_configuration_name: 'none'"},
      {"InvalidNextToken", "DescribeLaunchConfigurations", "next_token: 'x'"},
      // What groups have none of
      {invalid, "DescribeLoadBalancers", none},
      {invalid, "DescribeTrafficSources", web + "traffic_source_type: 'gwlb'"},
      {invalid, "DescribeTrafficSources", web + "traffic_source_type: 'wind'"},
      {"InvalidNextToken", "DescribeNotificationConfigurations", "next_token: 'x'"},
  };
}

}  // namespace

TEST_CASE("every bad input to Auto Scaling is refused with AWS's code and changes nothing", "[scaling_api]") {
  ScalingApiWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 5 desired_capacity: 1");
  const std::string member = world.WaitInService("web", 1).instances(0).instance_id();
  world.CreateGroup("other", "min_size: 0 max_size: 1 tags { key: 'team' value: 'mist' }");
  const std::string web = "auto_scaling_group_name: 'web' ";
  for (const auto& [action, text] : std::vector<std::pair<std::string, std::string>>{
           {"PutLifecycleHook",
            web + "lifecycle_hook_name: 'ready' lifecycle_transition: 'autoscaling:EC2_INSTANCE_TERMINATING'"},
           {"PutScalingPolicy", web + "policy_name: 'out' adjustment_type: 'ChangeInCapacity' scaling_adjustment: 1"},
           {"PutScalingPolicy",
            web + "policy_name: 'track' policy_type: 'TargetTrackingScaling' target_tracking_configuration { "
                  "predefined_metric_specification { predefined_metric_type: 'ASGAverageCPUUtilization' } "
                  "target_value: 50 }"},
           {"PutScheduledUpdateGroupAction",
            web + "scheduled_action_name: 'night' recurrence: '0 22 * * *' desired_capacity: 1"},
           {"CreateLaunchConfiguration", absl::StrCat("launch_configuration_name: 'lc' image_id: '", world.image.text(),
                                                      "' instance_type: 'b1.tiny'")}}) {
    INFO(action);
    REQUIRE_OK(world.Do(action, text));
  }
  const InstanceId loner = world.Launch();
  std::vector<Case> cases = Cases();
  std::vector<std::string> actions;
  for (Case& bad : cases) {
    actions.push_back(absl::StrCat("autoscaling:", bad.action));
  }
  for (size_t i = 0; i < cases.size(); ++i) cases[i].action = actions[i].c_str();
  CheckRefused(
      world, cases,
      {"DescribeInstances", "DescribeAutoScalingGroups", "DescribeAutoScalingInstances", "DescribeScalingActivities",
       "DescribePolicies", "DescribeScheduledActions", "DescribeLaunchConfigurations", "autoscaling:DescribeTags"},
      {{"$AMI", world.image.text()},
       {"$ZONE", world.zone},
       {"$LT", world.template_id},
       {"$LONER", loner.text()},
       {"$I", member}});
}

}  // namespace brume
