// An Auto Scaling group as its owner defines it, in EC2's terms. Values only; nothing here is decided.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"

namespace brume::scaling {

// What a group does by itself, each of which SuspendProcesses can halt.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
enum class Process {
  kLaunch,
  kTerminate,
  kAddToLoadBalancer,
  kAlarmNotification,
  kAzRebalance,
  kHealthCheck,
  kInstanceRefresh,
  kReplaceUnhealthy,
  kScheduledActions
};
inline constexpr Process kAllProcesses[] = {
    Process::kLaunch,          Process::kTerminate,   Process::kAddToLoadBalancer, Process::kAlarmNotification,
    Process::kAzRebalance,     Process::kHealthCheck, Process::kInstanceRefresh,   Process::kReplaceUnhealthy,
    Process::kScheduledActions};
// "Launch", "AZRebalance" …
absl::string_view ProcessName(Process process);
// Error: ValidationError.
absl::StatusOr<Process> ParseProcess(absl::string_view name);

// A set of processes, as small as a number.
class ProcessSet {
 public:
  void Add(Process process) { bits_ |= Bit(process); }
  void Remove(Process process) { bits_ &= ~Bit(process); }
  bool Has(Process process) const { return (bits_ & Bit(process)) != 0; }

 private:
  static uint32_t Bit(Process process) { return 1U << static_cast<int>(process); }
  uint32_t bits_ = 0;
};

// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
enum class TerminationPolicy {
  kDefault = 0,
  kAllocationStrategy = 1,
  kOldestLaunchTemplate = 2,
  kOldestLaunchConfiguration = 3,
  kClosestToNextInstanceHour = 4,
  kNewestInstance = 5,
  kOldestInstance = 6
};
std::true_type IsPersisted(TerminationPolicy);  // the database keeps its values
absl::string_view TerminationPolicyName(TerminationPolicy policy);
// Error: ValidationError.
absl::StatusOr<TerminationPolicy> ParseTerminationPolicy(absl::string_view name);

// A subnet of the group, in its zone. `weight` is the zone's share of the members beside the others'; EC2 has only
// equal shares, which is 1 for each.
struct Zone {
  std::string name;
  SubnetId subnet;
  int weight = 1;
};

enum class Transition { kLaunching = 0, kTerminating = 1 };
std::true_type IsPersisted(Transition);  // the database keeps its values
// "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING". Error: ValidationError.
absl::string_view TransitionName(Transition transition);
absl::StatusOr<Transition> ParseTransition(absl::string_view name);
enum class HookResult { kContinue = 0, kAbandon = 1 };
std::true_type IsPersisted(HookResult);  // the database keeps its values
// "CONTINUE", "ABANDON". Error: ValidationError.
absl::string_view HookResultName(HookResult result);
absl::StatusOr<HookResult> ParseHookResult(absl::string_view name);

// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
struct Hook {
  std::string name;
  Transition transition = Transition::kLaunching;
  absl::Duration heartbeat = absl::Hours(1);
  HookResult default_result = HookResult::kAbandon;
  std::string metadata = {};  // for whom the hook notifies
  // An http(s) URL to notify, or the ARN of a topic or queue, which are not here: it is kept and shown. Empty = none.
  std::string target = {};
  std::string role = {};  // an ARN, kept and shown: a URL is told without a role

  bool notifies() const { return !target.empty() && !LooksLikeArn(target); }
  // No heartbeat keeps a member waiting for longer.
  absl::Duration GlobalTimeout() const { return std::min(absl::Hours(48), 100 * heartbeat); }
};

enum class WarmState { kStopped = 0, kRunning = 1, kHibernated = 2 };
std::true_type IsPersisted(WarmState);  // the database keeps its values
// "Stopped", "Running", "Hibernated". Error: ValidationError.
absl::string_view WarmStateName(WarmState state);
absl::StatusOr<WarmState> ParseWarmState(absl::string_view name);

// Guests that were prepared and wait beside the group.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html
struct WarmPool {
  int min_size = 0;
  // Members and pool together; none = the group's max_size.
  std::optional<int> max_prepared;
  WarmState state = WarmState::kStopped;
  bool reuse_on_scale_in = false;
};

// What members are launched from.
struct LaunchSource {
  // Else a launch configuration, which has no versions.
  bool is_template = true;
  std::string id;
  int64_t version = 1;
  absl::Time created;
};

// A refresh under way, as far as it concerns what is done now: members in service that were launched before `began` are
// replaced, unless they match the group's source and those are skipped. Protected ones stay.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
struct RefreshRule {
  absl::Time began;
  bool skip_matching = false;
  int at_once = 1;  // in what members count as
  bool replaces_protected = false;
  bool terminates_standby = false;
  // How many may be begun until the next checkpoint.
  int max_begun = 0;
};

// The bounds of the members in service while some are replaced, in percent of the desired capacity.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-maintenance-policy.html
struct MaintenancePolicy {
  int min_healthy_percent = 90;   // to 100
  int max_healthy_percent = 100;  // to 200
};
// How much of the desired capacity may be replaced at once, in percent: with replacements first as far as more members
// than desired are allowed, else as far as fewer are.
inline int ReplacedPercent(const MaintenancePolicy& policy) {
  return policy.max_healthy_percent > 100 ? policy.max_healthy_percent - 100 : 100 - policy.min_healthy_percent;
}

// What a group says of one of its instance types alone.
struct TypeOption {
  // What a member of the type counts as, of the group's sizes.
  int weight = 1;
  // What members of the type are launched from, in the place of the group's source; empty = that.
  std::string template_id;
  std::string template_version;  // as SourceRequest's
  LaunchSource source;           // what the two stand for now
};

struct Group {
  std::string name;
  // Made with the group and never given to another; activities' tokens begin with it.
  std::string uuid;
  // In what members count as: see WeightOf.
  int min_size = 0;
  int max_size = 0;
  int desired = 0;
  std::vector<Zone> zones;
  LaunchSource source;
  // Of a mixed group, the preferred one first; empty = the source's own type. EC2's allocation strategy "prioritized".
  std::vector<std::string> instance_types;
  // Of those of them that are not like all others.
  std::map<std::string, TypeOption> type_options;
  // No failed status check counts before a member has been in service for so long.
  absl::Duration health_check_grace = absl::ZeroDuration();
  // After a simple policy has scaled.
  absl::Duration default_cooldown = absl::Seconds(300);
  // A member's metrics count, and scale-in is possible again, when it has been in service for so long.
  absl::Duration default_warmup = absl::ZeroDuration();
  std::vector<TerminationPolicy> termination_policies = {TerminationPolicy::kDefault};
  bool protect_new_members = false;
  ProcessSet suspended;
  std::optional<absl::Duration> max_lifetime;
  std::optional<MaintenancePolicy> maintenance;
  std::optional<WarmPool> warm_pool;
  std::vector<Hook> hooks;
  std::optional<RefreshRule> refresh;

  // What a member counts as, of the type that it was launched with; 1 for one of another type.
  int WeightOf(const std::string& instance_type) const;
  // The maximum that one member can count as.
  int MaxWeight() const;
  // What members of a type are launched from.
  const LaunchSource& SourceOf(const std::string& instance_type) const;
  bool Runs(Process process) const { return !suspended.Has(process); }
  bool HasHook(Transition transition) const;
  // The place of `zone` among the zones; -1 for one that is not the group's (any more).
  int ZoneIndex(absl::string_view zone) const;
};

}  // namespace brume::scaling
