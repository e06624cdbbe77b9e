#include "lib/autoscaling/model/planner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/health.h"
#include "lib/autoscaling/model/lifecycle.h"
#include "lib/autoscaling/model/refresh.h"
#include "lib/autoscaling/model/termination.h"

namespace brume::scaling {

Planner::Planner(const Group& group, const State& state, absl::Span<const Member> members, absl::Time now)
    : group_(group),
      state_(state),
      members_(members),
      now_(now),
      roles_(members.size(), Role::kAside),
      counts_(group),
      refusals_(state.refusals),
      desired_(std::clamp(group.desired, group.min_size, std::max(group.min_size, group.max_size))) {
  plan_.next_activity = state.next_activity;
}

void Planner::StepMembers() {
  for (size_t i = 0; i < members_.size(); ++i) {
    IsActive(members_[i].lifecycle) ? StepActive(i) : StepAtRest(i);
  }
  if (replacing_) MarkReplacements();
}

void Planner::StepActive(size_t i) {
  const Member& member = members_[i];
  if (member.lifecycle == Lifecycle::kInService) {
    const absl::string_view ailment = Ailment(group_, member, now_);
    if (!ailment.empty() && group_.Runs(Process::kReplaceUnhealthy) && group_.Runs(Process::kTerminate)) {
      plan_.failed_early |= now_ - member.launched < kYoung;
      ++unhealthy_;
      return TakeOut(i, ailment);
    }
    ReconcileAgainAt(std::max(member.impaired_since + kImpairedFor, member.in_service + group_.health_check_grace));
    if (group_.max_lifetime.has_value()) ReconcileAgainAt(member.launched + *group_.max_lifetime);
  } else {
    if (member.seen == InstanceState::kTerminated || member.seen == InstanceState::kShuttingDown) {
      plan_.failed_early = true;
      return Drop(i, /*launch_failed=*/true);
    }
    const Step step = NextStep(group_, member, now_);
    ReconcileAgainAt(step.next_reconcile);
    if (!step.abandoned_by.empty()) {
      plan_.failed_early = true;
      return TakeOut(i, absl::StrCat("as lifecycle hook ", step.abandoned_by, " abandoned it"));
    }
    if (step.to.has_value()) Move(i, *step.to);
  }
  roles_[i] = Role::kActive;
  active_ += WeightOf(i);
  counts_.Add(group_.ZoneIndex(member.zone));
  in_service_ += member.lifecycle == Lifecycle::kInService ? WeightOf(i) : 0;
  replacing_ |= !member.replaces.empty();
}

void Planner::StepAtRest(size_t i) {
  const Member& member = members_[i];
  // What was detached is its owner's from now on.
  if (member.lifecycle == Lifecycle::kDetaching || member.lifecycle == Lifecycle::kDetached) return Drop(i, false);
  const bool warm = IsWarm(member.lifecycle);
  if (member.seen == InstanceState::kTerminated) {
    const bool was_launching = warm && !IsWarmReady(member.lifecycle);
    plan_.failed_early |= was_launching;
    return Drop(i, was_launching);
  }
  const Step step = NextStep(group_, member, now_);
  ReconcileAgainAt(step.next_reconcile);
  if (!step.abandoned_by.empty()) {
    plan_.failed_early = true;
    return TakeOut(i, absl::StrCat("as lifecycle hook ", step.abandoned_by, " abandoned it"));
  }
  if (step.to.has_value()) Move(i, *step.to);
  if (warm) roles_[i] = Role::kPool;
}

// A replacement does not count while the member it is for is still there; one whose member went by itself is a member
// like others.
void Planner::MarkReplacements() {
  for (size_t i = 0; i < members_.size(); ++i) {
    if (roles_[i] != Role::kActive || members_[i].replaces.empty()) continue;
    const auto replaced = std::find_if(members_.begin(), members_.end(),
                                       [&](const Member& member) { return member.token == members_[i].replaces; });
    if (replaced == members_.end()) continue;
    const size_t r = replaced - members_.begin();
    if (roles_[r] != Role::kActive) continue;
    roles_[i] = Role::kReplacement;
    roles_[r] = Role::kReplaced;
    ++pairs_;
    spare_ += WeightOf(i);
  }
}

void Planner::FinishReplacements() {
  if (pairs_ == 0 || !group_.Runs(Process::kTerminate)) return;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (roles_[i] != Role::kReplacement || members_[i].lifecycle != Lifecycle::kInService) continue;
    const auto replaced = std::find_if(members_.begin(), members_.end(),
                                       [&](const Member& member) { return member.token == members_[i].replaces; });
    TakeOut(replaced - members_.begin(), "as its replacement is in service");
    roles_[i] = Role::kActive;
    --pairs_;
    spare_ -= WeightOf(i);
    ++finished_;
  }
}

void Planner::MeetDesired() {
  const int excess = std::max(Counted() - desired_, active_ - group_.max_size);
  if (excess > 0) return ScaleIn(excess);
  // Replacements are there already: with them the group has no more than it may have.
  const int missing = std::min(desired_ - Counted(), group_.max_size - active_);
  if (missing > 0) ScaleOut(missing);
}

void Planner::ScaleOut(int missing) {
  for (size_t i = 0; i < members_.size() && missing > 0; ++i) {
    if (roles_[i] != Role::kPool || !IsWarmReady(members_[i].lifecycle) || !group_.Runs(Process::kLaunch)) continue;
    const int have = Counted();
    roles_[i] = Role::kActive;
    active_ += WeightOf(i);
    counts_.Add(group_.ZoneIndex(members_[i].zone));
    plan_.actions.push_back(
        TakeFromPool{members_[i].token, NextToken(), Because(StartedForDifference(now_, have, have + WeightOf(i)))});
    missing -= WeightOf(i);
  }
  if (missing <= 0 || !MayLaunch()) return;
  while (missing > 0) {
    const int have = Counted();
    if (unhealthy_ > 0) {
      --unhealthy_;
      missing -= AddMember([&](int) { return StartedForUnhealthy(now_); });
    } else {
      missing -= AddMember([&](int weight) { return Because(StartedForDifference(now_, have, have + weight)); });
    }
  }
}

int Planner::AddMember(const std::function<std::string(int weight)>& cause) {
  const std::optional<Place> place = ChoosePlace(group_, refusals_, counts_, now_);
  const int weight = group_.WeightOf(place->instance_type);
  counts_.Add(place->zone);
  active_ += weight;
  plan_.actions.push_back(Launch{.token = NextToken(),
                                 .zone = place->zone,
                                 .instance_type = place->instance_type,
                                 .to_warm_pool = false,
                                 .replaces = "",
                                 .cause = cause(weight)});
  return weight;
}

void Planner::ScaleIn(int excess) {
  if (!group_.Runs(Process::kTerminate)) {
    plan_.blocked = "The process Terminate is suspended.";
    return;
  }
  bool heavy = false;
  while (excess > 0) {
    // Room under max_size comes from replacements, which do not count; a lower capacity from members, which do.
    const Role role = Counted() > desired_ ? Role::kActive : Role::kReplacement;
    std::vector<size_t> candidates;
    for (size_t i = 0; i < members_.size(); ++i) {
      if (roles_[i] != role || members_[i].protected_from_scale_in) continue;
      // Without a member that counts as more the group would have too little.
      if (WeightOf(i) > excess) {
        heavy = true;
      } else {
        candidates.push_back(i);
      }
    }
    if (candidates.empty()) break;
    const size_t victim = ChooseVictim(group_, members_, std::move(candidates), counts_, now_);
    const int weight = WeightOf(victim);
    if (role == Role::kReplacement) {
      --pairs_;
      spare_ -= weight;
    }
    excess -= weight;
    const int have = Counted();
    std::string cause = Because(WithVictim(victim, TakenOutForDifference(now_, have, have - weight)));
    if (group_.warm_pool.has_value() && group_.warm_pool->reuse_on_scale_in &&
        members_[victim].lifecycle == Lifecycle::kInService) {
      plan_.actions.push_back(ReturnToPool{members_[victim].token, NextToken(), std::move(cause)});
      roles_[victim] = Role::kPool;
      active_ -= weight;
      in_service_ -= weight;
      counts_.Remove(group_.ZoneIndex(members_[victim].zone));
      continue;
    }
    BeginTermination(victim, std::move(cause));
  }
  if (excess > 0 && !heavy) {
    plan_.blocked = "Could not scale to desired capacity because all remaining instances are protected from scale-in.";
  }
}

void Planner::KeepWarmPool() {
  std::vector<size_t> pool;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (roles_[i] == Role::kPool) pool.push_back(i);
  }
  if (!group_.warm_pool.has_value() && pool.empty()) return;
  int want = 0;
  if (group_.warm_pool.has_value()) {
    const int prepared = group_.warm_pool->max_prepared.value_or(group_.max_size);
    want = std::max(group_.warm_pool->min_size, prepared - desired_);
  }
  if (group_.refresh.has_value() && group_.Runs(Process::kInstanceRefresh) && group_.Runs(Process::kTerminate)) {
    std::erase_if(pool, [&](size_t i) {
      if (!IsOutdated(group_, members_[i])) return false;
      TakeOut(i, "in response to an instance refresh");
      return true;
    });
  }
  for (; static_cast<int>(pool.size()) > want && group_.Runs(Process::kTerminate); pool.pop_back()) {
    TakeOut(pool.back(), "as the warm pool has more instances than it is to have");
  }
  if (static_cast<int>(pool.size()) >= want || !MayLaunch()) return;
  for (const size_t i : pool) counts_.Add(group_.ZoneIndex(members_[i].zone));
  for (int missing = want - static_cast<int>(pool.size()); missing > 0; --missing) {
    const std::optional<Place> place = ChoosePlace(group_, refusals_, counts_, now_);
    counts_.Add(place->zone);
    plan_.actions.push_back(Launch{.token = NextToken(),
                                   .zone = place->zone,
                                   .instance_type = place->instance_type,
                                   .to_warm_pool = true,
                                   .replaces = "",
                                   .cause = StartedForWarmPool(now_)});
  }
}

bool Planner::MayLaunch() {
  if (!group_.Runs(Process::kLaunch)) {
    plan_.blocked = "The process Launch is suspended.";
    return false;
  }
  if (group_.zones.empty()) {
    plan_.blocked = "The group has no subnet.";
    return false;
  }
  Backoff launches = state_.launches;
  if (plan_.failed_early) launches.Fail(now_);
  if (now_ < launches.NotBefore()) {
    ReconcileAgainAt(launches.NotBefore());
    plan_.blocked =
        absl::StrCat("The last ", launches.failures, " launches failed; the next is tried at ",
                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", launches.NotBefore(), absl::UTCTimeZone()), ".");
    return false;
  }
  return true;
}

Plan Planner::Finish() {
  plan_.reaches_desired = IsAtDesired();
  return std::move(plan_);
}

void Planner::Move(size_t i, Lifecycle to) { plan_.actions.push_back(Enter{members_[i].token, to}); }

void Planner::TakeOut(size_t i, absl::string_view why) { BeginTermination(i, WithVictim(i, TakenOut(now_, why))); }

void Planner::BeginTermination(size_t i, std::string cause) {
  if (roles_[i] == Role::kActive || roles_[i] == Role::kReplacement || roles_[i] == Role::kReplaced) {
    active_ -= WeightOf(i);
    counts_.Remove(group_.ZoneIndex(members_[i].zone));
    in_service_ -= members_[i].lifecycle == Lifecycle::kInService ? WeightOf(i) : 0;
  }
  roles_[i] = Role::kAside;
  plan_.actions.push_back(Terminate{members_[i].token, NextToken(), std::move(cause)});
}

void Planner::Drop(size_t i, bool launch_failed) {
  if (launch_failed) refusals_.push_back({members_[i].zone, members_[i].instance_type, now_ + kAvoidFor});
  plan_.actions.push_back(Evict{members_[i].token, launch_failed});
}

void Planner::ReconcileAgainAt(absl::Time time) {
  if (now_ < time) plan_.next_reconcile = std::min(plan_.next_reconcile, time);
}

std::string Planner::NextToken() { return ActivityToken(group_.uuid, plan_.next_activity++); }

std::string Planner::WithVictim(size_t i, std::string sentence) const {
  const InstanceId& instance = members_[i].instance;
  return instance.empty() ? std::move(sentence) : absl::StrCat(sentence, "  ", Selected(now_, instance.text()));
}

std::string Planner::Because(std::string sentence) const {
  return state_.why.empty() ? std::move(sentence) : absl::StrCat(state_.why, "  ", sentence);
}

}  // namespace brume::scaling
