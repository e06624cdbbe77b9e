#include "lib/autoscaling/model/group.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume::scaling {

absl::string_view ProcessName(Process process) {
  switch (process) {
    case Process::kLaunch:
      return "Launch";
    case Process::kTerminate:
      return "Terminate";
    case Process::kAddToLoadBalancer:
      return "AddToLoadBalancer";
    case Process::kAlarmNotification:
      return "AlarmNotification";
    case Process::kAzRebalance:
      return "AZRebalance";
    case Process::kHealthCheck:
      return "HealthCheck";
    case Process::kInstanceRefresh:
      return "InstanceRefresh";
    case Process::kReplaceUnhealthy:
      return "ReplaceUnhealthy";
    case Process::kScheduledActions:
      return "ScheduledActions";
  }
  return "";
}

absl::StatusOr<Process> ParseProcess(absl::string_view name) {
  for (const Process process : kAllProcesses) {
    if (ProcessName(process) == name) return process;
  }
  return ec2::Error("ValidationError", absl::StrCat("'", name, "' is not a scaling process"));
}

absl::string_view TerminationPolicyName(TerminationPolicy policy) {
  switch (policy) {
    case TerminationPolicy::kDefault:
      return "Default";
    case TerminationPolicy::kAllocationStrategy:
      return "AllocationStrategy";
    case TerminationPolicy::kOldestLaunchTemplate:
      return "OldestLaunchTemplate";
    case TerminationPolicy::kOldestLaunchConfiguration:
      return "OldestLaunchConfiguration";
    case TerminationPolicy::kClosestToNextInstanceHour:
      return "ClosestToNextInstanceHour";
    case TerminationPolicy::kNewestInstance:
      return "NewestInstance";
    case TerminationPolicy::kOldestInstance:
      return "OldestInstance";
  }
  return "";
}

absl::StatusOr<TerminationPolicy> ParseTerminationPolicy(absl::string_view name) {
  for (const TerminationPolicy policy :
       {TerminationPolicy::kDefault, TerminationPolicy::kAllocationStrategy, TerminationPolicy::kOldestLaunchTemplate,
        TerminationPolicy::kOldestLaunchConfiguration, TerminationPolicy::kClosestToNextInstanceHour,
        TerminationPolicy::kNewestInstance, TerminationPolicy::kOldestInstance}) {
    if (TerminationPolicyName(policy) == name) return policy;
  }
  return ec2::Error("ValidationError", absl::StrCat("'", name, "' is not a termination policy"));
}

bool Group::HasHook(Transition transition) const {
  return std::any_of(hooks.begin(), hooks.end(), [&](const Hook& hook) { return hook.transition == transition; });
}

int Group::ZoneIndex(absl::string_view zone) const {
  for (size_t i = 0; i < zones.size(); ++i) {
    if (zones[i].name == zone) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace brume::scaling
