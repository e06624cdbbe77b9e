// The rules of Auto Scaling groups: each call checks, commits one transaction, wakes the loop and returns.
// Source of behaviour: Auto Scaling API reference, CreateAutoScalingGroup, UpdateAutoScalingGroup,
// DeleteAutoScalingGroup, DescribeAutoScalingGroups, SetDesiredCapacity, SuspendProcesses, ResumeProcesses,
// CreateOrUpdateTags, DeleteTags, EnableMetricsCollection, PutLifecycleHook, PutWarmPool.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/record.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

// What CreateAutoScalingGroup and UpdateAutoScalingGroup may say; an unset member stays, or has its default.
struct GroupChange {
  std::optional<int> min_size, max_size, desired;
  std::optional<scaling::SourceRequest> source;
  // Of Create alone: a launch configuration that is made with the group, by its name, and is its source.
  std::optional<compute::LaunchSpec> configuration;
  // With a MixedInstancesPolicy: itself, the types its overrides name, the preferred one first, and what they say
  // of them. All are emptied by a `source` that comes without.
  std::optional<scaling::MixedPolicy> mixed_policy;
  std::vector<std::string> instance_types;
  std::map<std::string, scaling::TypeOption> type_options;
  std::optional<std::vector<SubnetId>> subnets;   // VPCZoneIdentifier
  std::optional<std::vector<std::string>> zones;  // alone: their default subnets; with subnets: those they must be in
  std::optional<absl::Duration> health_check_grace, default_cooldown;
  std::optional<int> default_warmup_seconds;  // -1 takes it away
  std::optional<int> max_lifetime_seconds;    // 0 takes it away
  std::optional<std::string> health_check_type;
  std::optional<std::vector<scaling::TerminationPolicy>> termination_policies;
  std::optional<bool> protect_new_members, capacity_rebalance;
  std::optional<std::string> context;
  std::optional<std::string> service_linked_role;
  std::optional<scaling::MaintenancePolicy> maintenance;  // both -1 take it away
};

// A hook that holds a member now.
struct HeldMember {
  std::string group, hook;
  // By one of them.
  InstanceId instance;
  std::string token;
};

inline constexpr int kMaxGroups = 10000;
inline constexpr int kMaxHooks = 50;
inline constexpr int kMaxGroupTags = 50;
inline constexpr const char* kGroupMetrics[] = {"GroupMinSize",
                                                "GroupMaxSize",
                                                "GroupDesiredCapacity",
                                                "GroupInServiceInstances",
                                                "GroupPendingInstances",
                                                "GroupStandbyInstances",
                                                "GroupTerminatingInstances",
                                                "GroupTotalInstances",
                                                "WarmPoolWarmedCapacity",
                                                "WarmPoolPendingCapacity",
                                                "WarmPoolTerminatingCapacity",
                                                "WarmPoolTotalCapacity"};

struct GroupServiceParts {
  store::Database& database;
  const Clock& clock;
  Random& random;
  // The group's name.
  std::function<void(const std::string& group)> wake;
  // Whether a hook may notify `url`; empty = none may.
  std::function<absl::Status(const std::string& url)> check_target = {};
};

// Thread-safe. Errors of all that name a group: ValidationError "AutoScalingGroup name not found - …".
class GroupService {
 public:
  explicit GroupService(GroupServiceParts parts) : parts_(std::move(parts)) {}

  // Errors: AlreadyExists, ValidationError, LimitExceeded.
  absl::Status Create(const std::string& name, const GroupChange& definition,
                      const std::vector<scaling::GroupTag>& tags, const std::vector<scaling::Hook>& hooks);
  absl::Status Update(const std::string& name, const GroupChange& change);
  // Without `force` ResourceInUse while it has members, ScalingActivityInProgress while they go.
  absl::Status Delete(const std::string& name, bool force);
  // Those of `names` that there are, all without names; in order of their creation.
  absl::StatusOr<std::vector<scaling::GroupView>> Describe(absl::Span<const std::string> names);
  absl::StatusOr<scaling::GroupView> Get(const std::string& name);

  // Errors: ValidationError outside of the bounds, ScalingActivityInProgress while it cools down and that is honoured.
  absl::Status SetDesired(const std::string& name, int desired, bool honor_cooldown);
  // All processes when `processes` is empty. Error: ValidationError.
  absl::Status Suspend(const std::string& name, absl::Span<const std::string> processes);
  absl::Status Resume(const std::string& name, absl::Span<const std::string> processes);
  // All metrics when `metrics` is empty.
  absl::Status EnableMetrics(const std::string& name, absl::Span<const std::string> metrics);
  absl::Status DisableMetrics(const std::string& name, absl::Span<const std::string> metrics);

  absl::Status SetTags(const std::string& name, const std::vector<scaling::GroupTag>& tags);
  absl::Status DeleteTags(const std::string& name, absl::Span<const std::string> keys);

  // Lets `change` change the hook of that name as it stands, or a new one, and writes it, all in one transaction: of
  // two callers each of whom changes a part, none undoes what the other did. `change` must not call this service.
  // Errors: ValidationError, LimitExceeded, those of `change`.
  absl::Status PutHook(const std::string& name, const std::string& hook,
                       const std::function<absl::Status(scaling::Hook& hook, bool is_new)>& change);
  absl::Status DeleteHook(const std::string& name, const std::string& hook);
  absl::StatusOr<std::vector<scaling::Hook>> ListHooks(const std::string& name);
  // Error: ValidationError when no such hook holds such a member.
  absl::Status CompleteAction(const HeldMember& held, scaling::HookResult result);
  absl::Status Heartbeat(const HeldMember& held);

  absl::Status PutWarmPool(const std::string& name, const scaling::WarmPool& pool);
  // Its members go; with `force` hooks do not hold them.
  absl::Status DeleteWarmPool(const std::string& name, bool force);

 private:
  absl::Status CheckHook(const scaling::Hook& hook);

  const GroupServiceParts parts_;
};

}  // namespace brume::autoscaling
