#include "lib/autoscaling/model/lifecycle.h"

#include <algorithm>

namespace brume::scaling {
namespace {

const Hook* FindHook(const Group& group, const std::string& name) {
  const auto found =
      std::find_if(group.hooks.begin(), group.hooks.end(), [&](const Hook& hook) { return hook.name == name; });
  return found == group.hooks.end() ? nullptr : &*found;
}

// What a hook has come to; none while it holds its member. One that was deleted has abandoned it, as EC2 has it.
std::optional<HookResult> ResultOf(const Group& group, const Wait& wait, absl::Time now) {
  if (wait.result.has_value()) return wait.result;
  const Hook* hook = FindHook(group, wait.hook);
  if (hook == nullptr) return HookResult::kAbandon;
  return now < wait.End() ? std::nullopt : std::make_optional(hook->default_result);
}

// Through the hooks to `next`. On the way out a member goes on whatever its hooks say: ABANDON only means at once.
Step PastHooks(const Group& group, const Member& member, Lifecycle next, bool leaving, absl::Time now) {
  Step step;
  bool held = false;
  for (const Wait& wait : member.waits) {
    const std::optional<HookResult> result = ResultOf(group, wait, now);
    if (result == HookResult::kAbandon) return leaving ? Step{.to = next} : Step{.abandoned_by = wait.hook};
    if (result.has_value()) continue;
    held = true;
    step.next_reconcile = std::min(step.next_reconcile, wait.End());
  }
  if (!held) step.to = next;
  return step;
}

Step IntoPool(const Group& group, const Member& member) {
  if (!group.warm_pool.has_value()) return {};  // it was deleted, and its members are about to go
  const WarmState want = group.warm_pool->state;
  if (want == WarmState::kRunning) {
    return member.seen == InstanceState::kRunning ? Step{.to = Lifecycle::kWarmedRunning} : Step{};
  }
  if (member.seen != InstanceState::kStopped) return {};
  return {.to = want == WarmState::kStopped ? Lifecycle::kWarmedStopped : Lifecycle::kWarmedHibernated};
}

}  // namespace

Step NextStep(const Group& group, const Member& member, absl::Time now) {
  const bool running = member.seen == InstanceState::kRunning;
  const bool hooked = group.HasHook(Transition::kLaunching);
  switch (member.lifecycle) {
    case Lifecycle::kPending:
      if (!running) return {};
      return {.to = hooked ? Lifecycle::kPendingWait : Lifecycle::kInService};
    case Lifecycle::kPendingWait:
      return PastHooks(group, member, Lifecycle::kPendingProceed, /*leaving=*/false, now);
    case Lifecycle::kPendingProceed:
      return {.to = Lifecycle::kInService};
    case Lifecycle::kTerminatingWait:
      return PastHooks(group, member, Lifecycle::kTerminatingProceed, /*leaving=*/true, now);
    case Lifecycle::kEnteringStandby:
      return {.to = Lifecycle::kStandby};
    case Lifecycle::kWarmedPending:
      if (!running) return {};
      return {.to = hooked ? Lifecycle::kWarmedPendingWait : Lifecycle::kWarmedPendingProceed};
    case Lifecycle::kWarmedPendingWait:
      return PastHooks(group, member, Lifecycle::kWarmedPendingProceed, /*leaving=*/false, now);
    case Lifecycle::kWarmedPendingProceed:
      return IntoPool(group, member);
    case Lifecycle::kWarmedTerminatingWait:
      return PastHooks(group, member, Lifecycle::kWarmedTerminatingProceed, /*leaving=*/true, now);
    default:
      return {};
  }
}

}  // namespace brume::scaling
