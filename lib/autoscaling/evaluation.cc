#include "lib/autoscaling/evaluation.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/apply.h"
#include "lib/autoscaling/model/refresh.h"
#include "lib/autoscaling/model/scale.h"

namespace brume::autoscaling {
namespace {

using scaling::Member;

void RunSchedules(const Snapshot& before, absl::Time now, Outcome& out) {
  scaling::GroupRecord& record = out.after.record;
  if (!record.group.Runs(scaling::Process::kScheduledActions)) return;
  std::vector<std::pair<absl::Time, const scaling::ScheduleRecord*>> due;
  for (const scaling::ScheduleRecord& schedule : before.schedules) {
    const std::optional<absl::Time> run = DueRun(schedule.action, schedule.evaluated_until, now);
    if (run.has_value()) due.emplace_back(*run, &schedule);
    const std::optional<absl::Time> next = NextRun(schedule.action, now);
    if (next.has_value()) out.next_reconcile = std::min(out.next_reconcile, *next);
    const bool ended = schedule.action.end.has_value() && *schedule.action.end < now;
    if (!next.has_value() && (run.has_value() || ended || !schedule.action.recurrence.has_value())) {
      out.schedules_over.push_back(schedule.seq);
      out.changed = true;
    }
  }
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second->seq) < std::tie(b.first, b.second->seq);
  });
  for (const auto& [time, schedule] : due) {
    const int from = record.group.desired;
    record.group = WithSizes(schedule->action, std::move(record.group));
    const scaling::Group& group = record.group;
    if (group.desired != from) {
      record.state.why =
          scaling::UpdatedConstraints(now, "a scheduled action", group.min_size, group.max_size, group.desired, from);
    }
    out.schedules_run.push_back(*schedule);
    out.schedules_run.back().evaluated_until = now;
    out.changed = true;
  }
}

// Takes the group's refresh on. Returns whether it has just been rolled back, so that the group's source is another.
bool AdvanceRefresh(const Snapshot& before, const Signals& signals, absl::Time now, scaling::Group& group,
                    Outcome& out) {
  // Alarms do not wake the group.
  constexpr absl::Duration kAlarmPeriod = absl::Seconds(5);
  if (!before.refresh.has_value()) return false;
  scaling::Refresh& refresh = *out.after.refresh;
  const absl::Time next = Advance(refresh, group,
                                  {.members = before.members,
                                   .launches = before.record.state.launches,
                                   .alarms = signals.refresh_alarms,
                                   .now = now});
  out.next_reconcile = std::min(out.next_reconcile, next);
  if (!refresh.preferences.alarms.empty() && refresh.ended == absl::InfiniteFuture()) {
    out.next_reconcile = std::min(out.next_reconcile, now + kAlarmPeriod);
  }
  const scaling::Refresh& was = *before.refresh;
  out.changed |= refresh.status != was.status || refresh.left != was.left || refresh.total != was.total ||
                 refresh.waiting_since != was.waiting_since || refresh.checkpoints_passed != was.checkpoints_passed;
  if (refresh.status != scaling::RefreshStatus::kRollbackInProgress || was.status == refresh.status) return false;
  scaling::GroupRecord& record = out.after.record;
  record.source = refresh.before.source;
  record.mixed_policy = refresh.before.policy;
  record.group.instance_types = refresh.before.types;
  record.group.type_options = refresh.before.options;
  // What failed was launched from another source.
  record.state.launches = {};
  return true;
}

void ScaleByPolicies(const Snapshot& before, const scaling::Group& group, const Signals& signals,
                     absl::Span<scaling::PolicyMemory> memories, absl::Time now, Outcome& out) {
  if (before.policies.empty()) return;
  std::vector<scaling::Policy> policies;
  for (const scaling::PolicyRecord& record : before.policies) policies.push_back(record.policy);
  const scaling::Demand demand{.policies = policies,
                               .signals = signals.of_policies,
                               .crowd = CountCrowd(group, before.members, now),
                               .cooldown_until = before.record.cooldown_until};
  const std::optional<scaling::Decision> decision = Scale(group, demand, memories, now);
  if (!decision.has_value()) return;
  scaling::GroupRecord& record = out.after.record;
  record.group.desired = decision->desired;
  record.state.why = decision->cause;
  record.cooldown_until = decision->cooldown_until.value_or(record.cooldown_until);
  out.changed = true;
}

}  // namespace

scaling::Group EffectiveGroup(const Snapshot& snapshot) {
  scaling::Group group = snapshot.record.group;
  if (!snapshot.record.default_warmup.has_value()) {
    // A group without a warm-up of its own has the longest of its policies'.
    for (const scaling::PolicyRecord& policy : snapshot.policies) {
      group.default_warmup = std::max(group.default_warmup, policy.warmup.value_or(absl::ZeroDuration()));
    }
  }
  if (!snapshot.record.deleting) return group;
  group.min_size = group.max_size = group.desired = 0;
  group.hooks.clear();
  group.warm_pool.reset();
  group.max_lifetime.reset();
  group.suspended = {};
  return group;
}

Outcome Evaluate(const Snapshot& before, const Signals& signals, absl::Span<scaling::PolicyMemory> memories,
                 absl::Time now) {
  Outcome out;
  out.after = before;
  scaling::GroupRecord& record = out.after.record;
  scaling::Group group;
  if (!record.deleting) {
    RunSchedules(before, now, out);
    group = EffectiveGroup(out.after);
    if (AdvanceRefresh(before, signals, now, group, out)) {
      out.next_reconcile = now;
      return out;
    }
    group.max_size = std::max(group.max_size, signals.max_size);
    // What a forecast raised the maximum for has passed.
    if (group.desired > group.max_size) {
      record.group.desired = group.desired = group.max_size;
      out.changed = true;
    }
    ScaleByPolicies(before, group, signals, memories, now, out);
    group.desired = record.group.desired;
  } else {
    for (Member& member : out.after.members) {
      member.protected_from_scale_in = false;
      // Those in standby go like all others.
      if (member.lifecycle == scaling::Lifecycle::kStandby) member.lifecycle = scaling::Lifecycle::kInService;
    }
    group = EffectiveGroup(out.after);
  }
  const scaling::Plan plan = Converge(group, record.state, out.after.members, now);
  out.changed |= !plan.actions.empty() || plan.failed_early || (plan.reaches_desired && !record.state.why.empty());
  if (out.changed) Apply(plan, group, now, record.state, out.after.members);
  out.actions = plan.actions;
  out.blocked = plan.blocked;
  out.next_reconcile = std::min(out.next_reconcile, plan.next_reconcile);
  if (record.deleting && out.after.members.empty()) out.changed = true;
  return out;
}

}  // namespace brume::autoscaling
