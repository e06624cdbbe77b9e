#include "cli/tables_scaling.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

namespace {

using Json = nlohmann::ordered_json;

// Of a group: how many of its instances serve.
std::string InServiceCell(const Json& group, const TableStyle&) {
  int count = 0;
  for (const Json* instance : ValuesAt(group, "Instances")) count += Cell(*instance, "LifecycleState") == "InService";
  return absl::StrCat(count);
}

// Where a group's instances come from.
std::string LaunchSource(const Json& group, const TableStyle&) {
  for (const char* path :
       {"LaunchTemplate.LaunchTemplateName", "LaunchTemplate.LaunchTemplateId", "LaunchConfigurationName",
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName"}) {
    std::string source = Cell(group, path);
    if (!source.empty()) return source;
  }
  return "";
}

// Beside a column that says when, a cause need not begin with it.
std::string CauseCell(const Json& value, const TableStyle& style) {
  const std::string text = PlainText(value);
  const size_t end = text.find("Z ");
  if (style.wide || !absl::StartsWith(text, "At 2") || end == std::string::npos || end > 24) return text;
  return text.substr(end + 2);
}

std::string AdjustmentInWords(const std::string& adjustment, const std::string& kind) {
  if (kind == "ExactCapacity") return absl::StrCat("set ", adjustment);
  const std::string sign = absl::StartsWith(adjustment, "-") ? "" : "+";
  return absl::StrCat(sign, adjustment, kind == "PercentChangeInCapacity" ? " %" : "");
}

// "keep ASGAverageCPUUtilization at 50", "+1", "+1 from 0 to 20, +2 from 20"
std::string PolicyInWords(const Json& policy, const TableStyle&) {
  const std::string target = Cell(policy, "TargetTrackingConfiguration.TargetValue");
  if (!target.empty()) {
    std::string metric = Cell(policy, "TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType");
    if (metric.empty()) metric = Cell(policy, "TargetTrackingConfiguration.CustomizedMetricSpecification.MetricName");
    return absl::StrCat("keep ", metric.empty() ? "the metric" : metric, " at ", target);
  }
  if (policy.contains("PredictiveScalingConfiguration")) {
    return absl::StrCat("forecast, ", Cell(policy, "PredictiveScalingConfiguration.Mode"));
  }
  const std::string kind = Cell(policy, "AdjustmentType"), simple = Cell(policy, "ScalingAdjustment");
  if (!simple.empty()) return AdjustmentInWords(simple, kind);
  std::vector<std::string> steps;
  for (const Json* step : ValuesAt(policy, "StepAdjustments")) {
    const std::string lower = Cell(*step, "MetricIntervalLowerBound"), upper = Cell(*step, "MetricIntervalUpperBound");
    steps.push_back(absl::StrCat(AdjustmentInWords(Cell(*step, "ScalingAdjustment"), kind),
                                 lower.empty() ? "" : absl::StrCat(" from ", lower),
                                 upper.empty() ? "" : absl::StrCat(" to ", upper)));
  }
  return absl::StrJoin(steps, ", ");
}

constexpr CellFormat kInService{InServiceCell, false, true};
constexpr CellFormat kLaunchSource{LaunchSource};
constexpr CellFormat kPolicy{PolicyInWords};
constexpr CellFormat kCause{CauseCell};

std::vector<TableSpec> GroupAndMemberTables() {
  return {
      {"autoscaling.AutoScalingGroup",
       "Auto Scaling groups",
       {{"NAME", "AutoScalingGroupName", 0, &kPlain, 12},
        {"STATE", "Status", 0, &kState},
        {"MIN", "MinSize", 0, &kNumber},
        {"DESIRED", "DesiredCapacity", 0, &kNumber},
        {"MAX", "MaxSize", 0, &kNumber},
        {"IN SERVICE", "", 0, &kInService},
        {"INSTANCE", "/InstanceId", 1},
        {"LIFECYCLE", "/LifecycleState", 2, &kState},
        {"HEALTH", "/HealthStatus", 3, &kState},
        {"ZONE", "/AvailabilityZone", 6},
        {"LAUNCHES FROM", "", 4, &kLaunchSource, 12},
        {"SUSPENDED", "SuspendedProcesses.ProcessName", 5, &kPlain, 16},
        {"CREATED", "CreatedTime", 7, &kAge}},
       {"Instances"}},
      {"autoscaling.AutoScalingInstanceDetails",
       "instances in Auto Scaling groups",
       {{"ID", "InstanceId"},
        {"GROUP", "AutoScalingGroupName", 1, &kPlain, 12},
        {"STATE", "LifecycleState", 0, &kState},
        {"HEALTH", "HealthStatus", 0, &kState},
        {"TYPE", "InstanceType", 3},
        {"ZONE", "AvailabilityZone", 4},
        {"PROTECTED", "ProtectedFromScaleIn", 5},
        {"LAUNCHED FROM", "", 4, &kLaunchSource, 12}}},
      {"autoscaling.Instance",
       "instances",
       {{"ID", "InstanceId"},
        {"STATE", "LifecycleState", 0, &kState},
        {"HEALTH", "HealthStatus", 0, &kState},
        {"TYPE", "InstanceType", 2},
        {"ZONE", "AvailabilityZone", 3},
        {"LAUNCHED FROM", "", 4, &kLaunchSource, 12}}},
      {"autoscaling.LaunchConfiguration",
       "launch configurations",
       {{"NAME", "LaunchConfigurationName", 0, &kPlain, 12},
        {"IMAGE", "ImageId", 1},
        {"TYPE", "InstanceType", 1},
        {"KEY", "KeyName", 2, &kPlain, 12},
        {"GROUPS", "SecurityGroups", 3, &kPlain, 12},
        {"CREATED", "CreatedTime", 4, &kAge}}},
      {"autoscaling.TagDescription",
       "tags",
       {{"GROUP", "ResourceId", 0, &kPlain, 12},
        {"KEY", "Key", 0, &kPlain, 12},
        {"VALUE", "Value", 0, &kPlain, 12},
        {"ON INSTANCES", "PropagateAtLaunch", 1}}},
      {"autoscaling.LifecycleHook",
       "lifecycle hooks",
       {{"NAME", "LifecycleHookName", 0, &kPlain, 12},
        {"GROUP", "AutoScalingGroupName", 1, &kPlain, 12},
        {"AT", "LifecycleTransition", 1},
        {"HEARTBEAT", "HeartbeatTimeout", 2, &kSeconds},
        {"THEN", "DefaultResult", 3}}},
      {"autoscaling.NotificationConfiguration",
       "notifications",
       {{"GROUP", "AutoScalingGroupName", 0, &kPlain, 12},
        {"ABOUT", "NotificationType"},
        {"TO", "TopicArn", 1, &kPlain, 20}}},
      {"autoscaling.TrafficSourceState",
       "traffic sources",
       {{"SOURCE", "TrafficSource"}, {"STATE", "State", 0, &kState}}},
      {"autoscaling.LoadBalancerState",
       "load balancers",
       {{"NAME", "LoadBalancerName"}, {"STATE", "State", 0, &kState}}},
      {"autoscaling.LoadBalancerTargetGroupState",
       "target groups",
       {{"ARN", "LoadBalancerTargetGroupArn"}, {"STATE", "State", 0, &kState}}},
      {"autoscaling.AdjustmentType", "kinds of adjustments", {{"ADJUSTMENT", "AdjustmentType"}}},
      {"autoscaling.ProcessType", "processes", {{"PROCESS", "ProcessName"}}},
      {"autoscaling.MetricCollectionType", "metrics", {{"METRIC", "Metric"}}},
      {"autoscaling.MetricGranularityType", "granularities", {{"GRANULARITY", "Granularity"}}},
  };
}

}  // namespace

std::vector<TableSpec> ScalingTables() {
  std::vector<TableSpec> tables = {
      {"autoscaling.Activity",
       "scaling activities",
       {{"STARTED", "StartTime", 0, &kAge},
        {"STATE", "StatusCode", 0, &kState},
        {"GROUP", "AutoScalingGroupName", 3, &kPlain, 10},
        {"WHAT", "Description", 1, &kPlain, 20},
        {"CAUSE", "Cause", 2, &kCause, 24},
        {"STATUS", "StatusMessage", 4, &kPlain, 20},
        {"DONE", "Progress", 6, &kPercent},
        {"ENDED", "EndTime", 5, &kAge},
        {"ID", "ActivityId", 7}}},
      {"autoscaling.ScalingPolicy",
       "scaling policies",
       {{"NAME", "PolicyName", 0, &kPlain, 12},
        {"GROUP", "AutoScalingGroupName", 1, &kPlain, 12},
        {"ENABLED", "Enabled", 3},
        {"TYPE", "PolicyType", 2},
        {"DOES", "", 1, &kPolicy, 20},
        {"ALARMS", "Alarms.AlarmName", 4, &kPlain, 20},
        {"COOLDOWN", "Cooldown", 5, &kSeconds},
        {"WARMUP", "EstimatedInstanceWarmup", 5, &kSeconds}}},
      {"autoscaling.ScheduledUpdateGroupAction",
       "scheduled actions",
       {{"NAME", "ScheduledActionName", 0, &kPlain, 12},
        {"GROUP", "AutoScalingGroupName", 1, &kPlain, 12},
        {"NEXT", "StartTime", 1, &kAge},
        {"RECURRENCE", "Recurrence", 2},
        {"TIME ZONE", "TimeZone", 3},
        {"MIN", "MinSize", 1, &kNumber},
        {"DESIRED", "DesiredCapacity", 1, &kNumber},
        {"MAX", "MaxSize", 1, &kNumber},
        {"UNTIL", "EndTime", 4, &kAge}}},
      {"autoscaling.InstanceRefresh",
       "instance refreshes",
       {{"ID", "InstanceRefreshId"},
        {"GROUP", "AutoScalingGroupName", 2, &kPlain, 12},
        {"STATE", "Status", 0, &kState},
        {"DONE", "PercentageComplete", 1, &kPercent},
        {"TO UPDATE", "InstancesToUpdate", 3, &kNumber},
        {"STARTED", "StartTime", 2, &kAge},
        {"ENDED", "EndTime", 5, &kAge},
        {"WHY", "StatusReason", 4, &kPlain, 24}}},
  };
  for (TableSpec& table : GroupAndMemberTables()) tables.push_back(std::move(table));
  return tables;
}

}  // namespace brume::cli
