// A member of a group: one guest's way through the group, and what of it is seen on the host.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/autoscaling/model/group.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/resource/ids.h"

namespace brume::scaling {

enum class Lifecycle {
  kPending = 0,
  kPendingWait = 1,
  kPendingProceed = 2,
  kInService = 3,
  kTerminating = 4,
  kTerminatingWait = 5,
  kTerminatingProceed = 6,
  kTerminated = 7,
  kDetaching = 8,
  kDetached = 9,
  kEnteringStandby = 10,
  kStandby = 11,
  kWarmedPending = 12,
  kWarmedPendingWait = 13,
  kWarmedPendingProceed = 14,
  kWarmedStopped = 15,
  kWarmedRunning = 16,
  kWarmedHibernated = 17,
  kWarmedTerminating = 18,
  kWarmedTerminatingWait = 19,
  kWarmedTerminatingProceed = 20,
  kWarmedTerminated = 21
};
std::true_type IsPersisted(Lifecycle);  // the database keeps its values

// "Pending:Wait", "InService", "Warmed:Stopped" …
absl::string_view LifecycleName(Lifecycle lifecycle);

// Pending in any way, or in service: what counts towards the desired capacity.
bool IsActive(Lifecycle lifecycle);
bool IsPending(Lifecycle lifecycle);
// On its way out, of the group or of its warm pool.
bool IsTerminating(Lifecycle lifecycle);
// In the warm pool and not on its way out of it.
bool IsWarm(Lifecycle lifecycle);
// Prepared, and ready to be taken into the group.
bool IsWarmReady(Lifecycle lifecycle);
// Held by a lifecycle hook.
bool IsWaiting(Lifecycle lifecycle);

// Where a member in this state is going, as it may read it itself: "InService", "Terminated" …; `pool` is the state of
// its group's warm pool. Only states in which something stays are such goals.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
Lifecycle TargetOf(Lifecycle lifecycle, WarmState pool);

enum class Health { kHealthy = 0, kUnhealthy = 1 };
std::true_type IsPersisted(Health);  // the database keeps its values
// "Healthy", "Unhealthy". Error: ValidationError.
absl::string_view HealthName(Health health);
absl::StatusOr<Health> ParseHealth(absl::string_view name);

// One hook that holds a member.
struct Wait {
  std::string hook;
  // What CompleteLifecycleAction and RecordLifecycleActionHeartbeat name it by.
  std::string token;
  absl::Time deadline;  // of the heartbeat
  absl::Time limit;     // of all heartbeats together
  // Set when the hook was completed.
  std::optional<HookResult> result;
  // The target of the hook was notified, or need not be.
  bool notified = false;

  absl::Time End() const { return std::min(deadline, limit); }
};

struct Member {
  // Of the activity that launched it: the member's key, and the client token of RunInstances, so that however often a
  // launch is executed it makes one instance.
  std::string token;
  // Empty until the launch was answered.
  InstanceId instance;
  Lifecycle lifecycle = Lifecycle::kPending;
  absl::Time since;  // when this state was entered
  std::string zone;
  std::string instance_type;  // empty = the source's own
  LaunchSource source;
  absl::Time launched;
  // When it last came into service; InfinitePast before.
  absl::Time in_service = absl::InfinitePast();
  bool protected_from_scale_in = false;
  // As SetInstanceHealth left it.
  Health health = Health::kHealthy;
  // The token of the member that goes when this one is in service; empty for most.
  std::string replaces;
  std::vector<Wait> waits;

  // What the host shows, as of this evaluation. None: nothing was launched yet.
  std::optional<InstanceState> seen;
  // Since when the instance's status checks fail; InfiniteFuture when they do not.
  absl::Time impaired_since = absl::InfiniteFuture();
};

// What the host is to do about a member's instance. A level, not an event: it holds until it is seen to be true, and
// carrying it out twice does no harm.
enum class HostWish { kNothing, kRun, kStop, kHibernate, kTerminate };
HostWish WishFor(const Group& group, const Member& member);

// Whether the member is in service and has had its time to warm up, so that its metrics count.
inline bool IsWarmedUp(const Group& group, const Member& member, absl::Time now) {
  return member.lifecycle == Lifecycle::kInService && now >= member.in_service + group.default_warmup;
}

}  // namespace brume::scaling
