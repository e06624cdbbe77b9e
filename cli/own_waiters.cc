#include "cli/own_waiters.h"

namespace brume::cli {
namespace {

// A group has its capacity when those that are in service weigh as much as is desired, and nobody is on the way in or
// out. What stands first never fits: it is what the wait shows meanwhile.
constexpr char kMembers[] = "AutoScalingGroups[].Instances[].LifecycleState";
constexpr char kHasCapacity[] =
    "AutoScalingGroups[].[sum((Instances || `[]`)[?LifecycleState=='InService'].to_number(WeightedCapacity || '1'))"
    " >= DesiredCapacity && length((Instances || `[]`)[?LifecycleState!='InService' && LifecycleState!='Standby'"
    " && !starts_with(LifecycleState, 'Warmed')]) == `0`][]";

}  // namespace

const std::vector<AwsWaiter>& OwnWaiters() {
  using enum Acceptor::State;
  using enum Acceptor::Matcher;
  static const auto* const waiters = new std::vector<AwsWaiter>{
      {"ec2",
       "fast-restores-enabled",
       "describe-fast-snapshot-restores",
       {{kSuccess, kPathAll, "FastSnapshotRestores[].State", "enabled"}}},
      {"ec2",
       "network-insights-analysis-succeeded",
       "describe-network-insights-analyses",
       {{kSuccess, kPathAll, "NetworkInsightsAnalyses[].Status", "succeeded"},
        {kFailure, kPathAny, "NetworkInsightsAnalyses[].Status", "failed"}},
       "NetworkInsightsAnalyses[?Status=='failed'].StatusMessage"},
      {"ec2",
       "network-interface-attached",
       "describe-network-interfaces",
       {{kSuccess, kPathAll, "NetworkInterfaces[].Attachment.Status", "attached"},
        {kFailure, kPathAny, "NetworkInterfaces[].Status", "available"}}},
      {"ec2",
       "network-interface-detached",
       "describe-network-interfaces",
       {{kRetry, kPathAll, "NetworkInterfaces[].Attachment.Status", "never"},
        {kSuccess, kPath, "length(NetworkInterfaces || `[]`)", "0"}}},
      {"ec2",
       "replace-root-volume-task-succeeded",
       "describe-replace-root-volume-tasks",
       {{kSuccess, kPathAll, "ReplaceRootVolumeTasks[].TaskState", "succeeded"},
        {kFailure, kPathAny, "ReplaceRootVolumeTasks[].TaskState", "failed"},
        {kFailure, kPathAny, "ReplaceRootVolumeTasks[].TaskState", "failed-detached"}}},
      {"ec2",
       "volume-modified",
       "describe-volumes-modifications",
       {{kRetry, kPathAll, "VolumesModifications[].ModificationState", "never"},
        {kFailure, kPathAny, "VolumesModifications[].ModificationState", "failed"},
        {kSuccess, kPathAll, "VolumesModifications[].[contains(['optimizing', 'completed'], ModificationState)][]",
         "true"}},
       "VolumesModifications[?ModificationState=='failed'].StatusMessage"},
      {"ec2",
       "vpc-endpoint-available",
       "describe-vpc-endpoints",
       {{kSuccess, kPathAll, "VpcEndpoints[].State", "available"},
        {kFailure, kPathAny, "VpcEndpoints[].State", "failed"}}},
      {"ec2",
       "vpc-endpoint-deleted",
       "describe-vpc-endpoints",
       {{kSuccess, kPathAll, "VpcEndpoints[].State", "deleted"},
        {kSuccess, kError, "", "InvalidVpcEndpointId.NotFound"}}},
      {"autoscaling",
       "activity-successful",
       "describe-scaling-activities",
       {{kSuccess, kPathAll, "Activities[].StatusCode", "Successful"},
        {kFailure, kPathAny, "Activities[].StatusCode", "Failed"},
        {kFailure, kPathAny, "Activities[].StatusCode", "Cancelled"}},
       "Activities[?StatusCode=='Failed' || StatusCode=='Cancelled'].StatusMessage"},
      {"autoscaling",
       "group-deleted",
       "describe-auto-scaling-groups",
       {{kRetry, kPathAll, kMembers, "never"}, {kSuccess, kPath, "length(AutoScalingGroups || `[]`)", "0"}}},
      {"autoscaling",
       "group-in-service",
       "describe-auto-scaling-groups",
       {{kRetry, kPathAll, kMembers, "never"},
        {kFailure, kPath, "length(AutoScalingGroups || `[]`)", "0"},
        {kSuccess, kPathAll, kHasCapacity, "true"}}},
      {"autoscaling",
       "instance-refresh-cancelled",
       "describe-instance-refreshes",
       {{kSuccess, kPathAll, "InstanceRefreshes[].Status", "Cancelled"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "Failed"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "Successful"}},
       "InstanceRefreshes[].StatusReason"},
      {"autoscaling",
       "instance-refresh-rolled-back",
       "describe-instance-refreshes",
       {{kSuccess, kPathAll, "InstanceRefreshes[].Status", "RollbackSuccessful"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "RollbackFailed"}},
       "InstanceRefreshes[].StatusReason"},
      {"autoscaling",
       "instance-refresh-successful",
       "describe-instance-refreshes",
       {{kSuccess, kPathAll, "InstanceRefreshes[].Status", "Successful"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "Failed"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "Cancelled"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "RollbackFailed"},
        {kFailure, kPathAny, "InstanceRefreshes[].Status", "RollbackSuccessful"}},
       "InstanceRefreshes[].StatusReason"}};
  return *waiters;
}

}  // namespace brume::cli
