// Members of Auto Scaling groups, one by one, and what was done about them.
// Source of behaviour: Auto Scaling API reference, AttachInstances, DetachInstances, EnterStandby, ExitStandby,
// SetInstanceHealth, SetInstanceProtection, TerminateInstanceInAutoScalingGroup, DescribeAutoScalingInstances,
// DescribeScalingActivities.
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
#include "lib/store/database.h"

namespace brume::autoscaling {

struct MemberView {
  std::string group;
  scaling::Member member;
};

struct ActivityQuery {
  std::vector<std::string> tokens;                     // with these ids; empty = all
  std::optional<std::string> group;                    // none = of all groups
  bool deleted_groups = false;                         // those of groups that are gone too
  std::vector<scaling::ActivityStatus> statuses = {};  // empty = all
  absl::Time started_from = absl::UnixEpoch();         // both included
  absl::Time started_until = absl::InfiniteFuture();
  // The newest first, behind this one.
  std::optional<int64_t> after;
  int max_records = 100;
};

struct ActivityPage {
  std::vector<scaling::Activity> activities;
  std::optional<int64_t> next;
};

// Where the group that the instance is a member of is taking it; empty for one of no group. Takes part in the caller's
// transaction.
absl::StatusOr<std::string> TargetLifecycleState(store::Connection& connection, const InstanceId& id);

// Thread-safe. Errors of all: ValidationError, which names the group or instance that is not there or not in the state
// the call needs.
class MemberService {
 public:
  using Instances = absl::Span<const InstanceId>;

  MemberService(store::Database& database, const Clock& clock, std::function<void(const std::string& group)> wake)
      : database_(database), clock_(clock), wake_(std::move(wake)) {}

  // Running instances of no group; the desired capacity grows with them.
  absl::Status Attach(const std::string& group, Instances instances);
  // `decrement`: the desired capacity shrinks with them; else they are replaced.
  absl::StatusOr<std::vector<scaling::Activity>> Detach(const std::string& group, Instances instances, bool decrement);
  absl::StatusOr<std::vector<scaling::Activity>> EnterStandby(const std::string& group, Instances instances,
                                                              bool decrement);
  // The desired capacity grows with them.
  absl::StatusOr<std::vector<scaling::Activity>> ExitStandby(const std::string& group, Instances instances);
  // A member that is within its group's grace period stays healthy when that is respected.
  absl::Status SetHealth(const InstanceId& instance, scaling::Health health, bool respect_grace);
  absl::Status SetProtection(const std::string& group, Instances instances, bool protect);
  absl::StatusOr<scaling::Activity> Terminate(const InstanceId& instance, bool decrement);

  // Of `instances` those that are members, all without instances; in order of their ids.
  absl::StatusOr<std::vector<MemberView>> Describe(Instances instances);
  absl::StatusOr<ActivityPage> Activities(const ActivityQuery& query);

 private:
  store::Database& database_;
  const Clock& clock_;
  const std::function<void(const std::string&)> wake_;
};

}  // namespace brume::autoscaling
