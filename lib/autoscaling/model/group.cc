#include "lib/autoscaling/model/group.h"

#include <algorithm>
#include <utility>

#include "lib/base/enum_names.h"
#include "lib/resource/parse_name.h"

namespace brume::scaling {
namespace {

constexpr EnumNames kProcessNames({std::pair{Process::kLaunch, "Launch"},
                                   {Process::kTerminate, "Terminate"},
                                   {Process::kAddToLoadBalancer, "AddToLoadBalancer"},
                                   {Process::kAlarmNotification, "AlarmNotification"},
                                   {Process::kAzRebalance, "AZRebalance"},
                                   {Process::kHealthCheck, "HealthCheck"},
                                   {Process::kInstanceRefresh, "InstanceRefresh"},
                                   {Process::kReplaceUnhealthy, "ReplaceUnhealthy"},
                                   {Process::kScheduledActions, "ScheduledActions"}});
constexpr EnumNames kTerminationPolicyNames(
    {std::pair{TerminationPolicy::kDefault, "Default"},
     {TerminationPolicy::kAllocationStrategy, "AllocationStrategy"},
     {TerminationPolicy::kOldestLaunchTemplate, "OldestLaunchTemplate"},
     {TerminationPolicy::kOldestLaunchConfiguration, "OldestLaunchConfiguration"},
     {TerminationPolicy::kClosestToNextInstanceHour, "ClosestToNextInstanceHour"},
     {TerminationPolicy::kNewestInstance, "NewestInstance"},
     {TerminationPolicy::kOldestInstance, "OldestInstance"}});
constexpr EnumNames kTransitionNames({std::pair{Transition::kLaunching, "autoscaling:EC2_INSTANCE_LAUNCHING"},
                                      {Transition::kTerminating, "autoscaling:EC2_INSTANCE_TERMINATING"}});
constexpr EnumNames kHookResultNames({std::pair{HookResult::kContinue, "CONTINUE"}, {HookResult::kAbandon, "ABANDON"}});
constexpr EnumNames kWarmStateNames({std::pair{WarmState::kStopped, "Stopped"},
                                     {WarmState::kRunning, "Running"},
                                     {WarmState::kHibernated, "Hibernated"}});

}  // namespace

absl::string_view ProcessName(Process process) { return kProcessNames.Of(process); }

absl::StatusOr<Process> ParseProcess(absl::string_view name) {
  return ParseName(kProcessNames, name, "ValidationError", "a scaling process");
}

absl::string_view TerminationPolicyName(TerminationPolicy policy) { return kTerminationPolicyNames.Of(policy); }

absl::StatusOr<TerminationPolicy> ParseTerminationPolicy(absl::string_view name) {
  return ParseName(kTerminationPolicyNames, name, "ValidationError", "a termination policy");
}

absl::string_view TransitionName(Transition transition) { return kTransitionNames.Of(transition); }

absl::StatusOr<Transition> ParseTransition(absl::string_view name) {
  return ParseName(kTransitionNames, name, "ValidationError", "a lifecycle transition");
}

absl::string_view HookResultName(HookResult result) { return kHookResultNames.Of(result); }

absl::StatusOr<HookResult> ParseHookResult(absl::string_view name) {
  return ParseName(kHookResultNames, name, "ValidationError", "a result of a lifecycle action");
}

absl::string_view WarmStateName(WarmState state) { return kWarmStateNames.Of(state); }

absl::StatusOr<WarmState> ParseWarmState(absl::string_view name) {
  return ParseName(kWarmStateNames, name, "ValidationError", "a state of a warm pool");
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

int Group::WeightOf(const std::string& instance_type) const {
  const auto found = type_options.find(instance_type);
  return found == type_options.end() ? 1 : found->second.weight;
}

int Group::MaxWeight() const {
  int max = 1;
  for (const auto& [type, option] : type_options) max = std::max(max, option.weight);
  return max;
}

const LaunchSource& Group::SourceOf(const std::string& instance_type) const {
  const auto found = type_options.find(instance_type);
  return found == type_options.end() || found->second.template_id.empty() ? source : found->second.source;
}

}  // namespace brume::scaling
