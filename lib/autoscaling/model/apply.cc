#include "lib/autoscaling/model/apply.h"

#include <algorithm>

#include "lib/autoscaling/model/activity.h"

namespace brume::scaling {
namespace {

class Applier {
 public:
  Applier(const Group& group, absl::Time now, State& state, std::vector<Member>& members)
      : group_(group), now_(now), state_(state), members_(members) {}

  void operator()(const Launch& launch) {
    Member member;
    member.token = launch.token;
    member.lifecycle = launch.to_warm_pool ? Lifecycle::kWarmedPending : Lifecycle::kPending;
    member.since = member.launched = now_;
    member.zone = group_.zones[launch.zone].name;
    member.instance_type = launch.instance_type;
    member.source = group_.SourceOf(launch.instance_type);
    member.protected_from_scale_in = group_.protect_new_members;
    member.replaces = launch.replaces;
    members_.push_back(std::move(member));
  }

  void operator()(const TakeFromPool& take) { Change(take.member, Lifecycle::kPending); }

  void operator()(const ReturnToPool& back) { Change(back.member, Lifecycle::kWarmedPendingProceed); }

  void operator()(const Terminate& end) {
    const Member* member = Find(end.member);
    if (member == nullptr) return;
    const bool hooked = group_.HasHook(Transition::kTerminating);
    if (IsWarm(member->lifecycle)) {
      Change(end.member, hooked ? Lifecycle::kWarmedTerminatingWait : Lifecycle::kWarmedTerminating);
    } else {
      Change(end.member, hooked ? Lifecycle::kTerminatingWait : Lifecycle::kTerminating);
    }
  }

  void operator()(const Enter& enter) { Change(enter.member, enter.state); }

  void operator()(const Evict& evict) {
    const Member* member = Find(evict.member);
    if (member == nullptr) return;
    if (evict.launch_failed) {
      state_.refusals.push_back({member->zone, member->instance_type, now_ + kAvoidFor});
    }
    members_.erase(members_.begin() + (member - members_.data()));
  }

 private:
  Member* Find(absl::string_view token) {
    const auto found =
        std::find_if(members_.begin(), members_.end(), [&](const Member& member) { return member.token == token; });
    return found == members_.end() ? nullptr : &*found;
  }

  void Change(absl::string_view token, Lifecycle to) {
    Member* member = Find(token);
    if (member == nullptr) return;
    member->lifecycle = to;
    member->since = now_;
    member->waits.clear();
    if (to == Lifecycle::kInService) member->in_service = now_;
    if (!IsWaiting(to)) return;
    const bool leaving = to == Lifecycle::kTerminatingWait || to == Lifecycle::kWarmedTerminatingWait;
    for (const Hook& hook : group_.hooks) {
      if (hook.transition != (leaving ? Transition::kTerminating : Transition::kLaunching)) continue;
      member->waits.push_back({.hook = hook.name,
                               .token = ActivityToken(group_.uuid, state_.next_activity++),
                               .deadline = now_ + hook.heartbeat,
                               .limit = now_ + hook.GlobalTimeout(),
                               .result = std::nullopt,
                               .notified = !hook.notifies()});
    }
  }

  const Group& group_;
  const absl::Time now_;
  State& state_;
  std::vector<Member>& members_;
};

void DropOldRefusals(absl::Time now, State& state) {
  std::erase_if(state.refusals, [&](const Refusal& refusal) { return refusal.until <= now; });
}

}  // namespace

void Apply(const Plan& plan, const Group& group, absl::Time now, State& state, std::vector<Member>& members) {
  state.next_activity = plan.next_activity;
  if (plan.failed_early) state.launches.Fail(now);
  if (plan.reaches_desired) state.why.clear();
  DropOldRefusals(now, state);
  Applier applier(group, now, state, members);
  for (const Action& action : plan.actions) std::visit(applier, action);
}

void NoteRefusedLaunch(absl::string_view token, absl::Time now, State& state, std::vector<Member>& members) {
  const auto member =
      std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.token == token; });
  if (member == members.end()) return;
  DropOldRefusals(now, state);
  state.refusals.push_back({member->zone, member->instance_type, now + kAvoidFor});
  state.launches.Fail(now);
  members.erase(member);
}

}  // namespace brume::scaling
