#include "lib/autoscaling/model/member.h"

#include <utility>

#include "lib/base/enum_names.h"
#include "lib/resource/parse_name.h"

namespace brume::scaling {
namespace {

constexpr EnumNames kLifecycleNames({std::pair{Lifecycle::kPending, "Pending"},
                                     {Lifecycle::kPendingWait, "Pending:Wait"},
                                     {Lifecycle::kPendingProceed, "Pending:Proceed"},
                                     {Lifecycle::kInService, "InService"},
                                     {Lifecycle::kTerminating, "Terminating"},
                                     {Lifecycle::kTerminatingWait, "Terminating:Wait"},
                                     {Lifecycle::kTerminatingProceed, "Terminating:Proceed"},
                                     {Lifecycle::kTerminated, "Terminated"},
                                     {Lifecycle::kDetaching, "Detaching"},
                                     {Lifecycle::kDetached, "Detached"},
                                     {Lifecycle::kEnteringStandby, "EnteringStandby"},
                                     {Lifecycle::kStandby, "Standby"},
                                     {Lifecycle::kWarmedPending, "Warmed:Pending"},
                                     {Lifecycle::kWarmedPendingWait, "Warmed:Pending:Wait"},
                                     {Lifecycle::kWarmedPendingProceed, "Warmed:Pending:Proceed"},
                                     {Lifecycle::kWarmedStopped, "Warmed:Stopped"},
                                     {Lifecycle::kWarmedRunning, "Warmed:Running"},
                                     {Lifecycle::kWarmedHibernated, "Warmed:Hibernated"},
                                     {Lifecycle::kWarmedTerminating, "Warmed:Terminating"},
                                     {Lifecycle::kWarmedTerminatingWait, "Warmed:Terminating:Wait"},
                                     {Lifecycle::kWarmedTerminatingProceed, "Warmed:Terminating:Proceed"},
                                     {Lifecycle::kWarmedTerminated, "Warmed:Terminated"}});

constexpr EnumNames kHealthNames({std::pair{Health::kHealthy, "Healthy"}, {Health::kUnhealthy, "Unhealthy"}});

bool IsBetween(Lifecycle lifecycle, Lifecycle first, Lifecycle last) { return lifecycle >= first && lifecycle <= last; }

}  // namespace

absl::string_view LifecycleName(Lifecycle lifecycle) { return kLifecycleNames.Of(lifecycle); }

absl::string_view HealthName(Health health) { return kHealthNames.Of(health); }

absl::StatusOr<Health> ParseHealth(absl::string_view name) {
  return ParseName(kHealthNames, name, "ValidationError", "a health status");
}

bool IsActive(Lifecycle lifecycle) { return IsBetween(lifecycle, Lifecycle::kPending, Lifecycle::kInService); }

bool IsPending(Lifecycle lifecycle) { return IsBetween(lifecycle, Lifecycle::kPending, Lifecycle::kPendingProceed); }

bool IsTerminating(Lifecycle lifecycle) {
  return IsBetween(lifecycle, Lifecycle::kTerminating, Lifecycle::kTerminatingProceed) ||
         IsBetween(lifecycle, Lifecycle::kWarmedTerminating, Lifecycle::kWarmedTerminatingProceed);
}

bool IsWarm(Lifecycle lifecycle) {
  return IsBetween(lifecycle, Lifecycle::kWarmedPending, Lifecycle::kWarmedHibernated);
}

bool IsWarmReady(Lifecycle lifecycle) {
  return IsBetween(lifecycle, Lifecycle::kWarmedStopped, Lifecycle::kWarmedHibernated);
}

bool IsWaiting(Lifecycle lifecycle) {
  return lifecycle == Lifecycle::kPendingWait || lifecycle == Lifecycle::kTerminatingWait ||
         lifecycle == Lifecycle::kWarmedPendingWait || lifecycle == Lifecycle::kWarmedTerminatingWait;
}

Lifecycle TargetOf(Lifecycle lifecycle, WarmState pool) {
  switch (lifecycle) {
    case Lifecycle::kPending:
    case Lifecycle::kPendingWait:
    case Lifecycle::kPendingProceed:
    case Lifecycle::kInService:
      return Lifecycle::kInService;
    case Lifecycle::kTerminating:
    case Lifecycle::kTerminatingWait:
    case Lifecycle::kTerminatingProceed:
    case Lifecycle::kTerminated:
      return Lifecycle::kTerminated;
    case Lifecycle::kDetaching:
    case Lifecycle::kDetached:
      return Lifecycle::kDetached;
    case Lifecycle::kEnteringStandby:
    case Lifecycle::kStandby:
      return Lifecycle::kStandby;
    case Lifecycle::kWarmedPending:
    case Lifecycle::kWarmedPendingWait:
    case Lifecycle::kWarmedPendingProceed:
      break;
    case Lifecycle::kWarmedStopped:
    case Lifecycle::kWarmedRunning:
    case Lifecycle::kWarmedHibernated:
      return lifecycle;
    case Lifecycle::kWarmedTerminating:
    case Lifecycle::kWarmedTerminatingWait:
    case Lifecycle::kWarmedTerminatingProceed:
    case Lifecycle::kWarmedTerminated:
      return Lifecycle::kWarmedTerminated;
  }
  if (pool == WarmState::kRunning) return Lifecycle::kWarmedRunning;
  return pool == WarmState::kHibernated ? Lifecycle::kWarmedHibernated : Lifecycle::kWarmedStopped;
}

HostWish WishFor(const Group& group, const Member& member) {
  switch (member.lifecycle) {
    case Lifecycle::kPending:
    case Lifecycle::kWarmedPending:
      return member.seen == InstanceState::kRunning ? HostWish::kNothing : HostWish::kRun;
    case Lifecycle::kTerminating:
    case Lifecycle::kTerminatingProceed:
    case Lifecycle::kWarmedTerminating:
    case Lifecycle::kWarmedTerminatingProceed:
      return member.seen == InstanceState::kTerminated ? HostWish::kNothing : HostWish::kTerminate;
    case Lifecycle::kWarmedPendingProceed: {
      if (!group.warm_pool.has_value()) return HostWish::kNothing;
      const bool off = member.seen == InstanceState::kStopped;
      if (group.warm_pool->state == WarmState::kRunning) return off ? HostWish::kRun : HostWish::kNothing;
      if (off) return HostWish::kNothing;
      return group.warm_pool->state == WarmState::kStopped ? HostWish::kStop : HostWish::kHibernate;
    }
    default:
      return HostWish::kNothing;
  }
}

}  // namespace brume::scaling
