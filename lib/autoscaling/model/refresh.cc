#include "lib/autoscaling/model/refresh.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"

namespace brume::scaling {
namespace {

constexpr EnumNames kRefreshStatusNames({std::pair{RefreshStatus::kPending, "Pending"},
                                         {RefreshStatus::kInProgress, "InProgress"},
                                         {RefreshStatus::kSuccessful, "Successful"},
                                         {RefreshStatus::kFailed, "Failed"},
                                         {RefreshStatus::kCancelling, "Cancelling"},
                                         {RefreshStatus::kCancelled, "Cancelled"},
                                         {RefreshStatus::kRollbackInProgress, "RollbackInProgress"},
                                         {RefreshStatus::kRollbackFailed, "RollbackFailed"},
                                         {RefreshStatus::kRollbackSuccessful, "RollbackSuccessful"}});

constexpr int kFailuresToFail = 3;

bool IsSame(const LaunchSource& a, const LaunchSource& b) {
  return a.is_template == b.is_template && a.id == b.id && a.version == b.version;
}

// Whether it could have been launched by what the group's definition says now.
bool Matches(const Group& group, const Member& member) {
  const std::vector<std::string>& types = group.instance_types;
  const bool has_type = types.empty() || std::find(types.begin(), types.end(), member.instance_type) != types.end();
  return has_type && IsSame(member.source, group.SourceOf(member.instance_type));
}

int CountOutdated(const Group& group, absl::Span<const Member> members) {
  return static_cast<int>(std::count_if(members.begin(), members.end(), [&](const Member& member) {
    return !IsWarm(member.lifecycle) && IsOutdated(group, member);
  }));
}

// A member that is there to take another's place, and has not done so.
bool IsReplacing(absl::Span<const Member> members) {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return !member.replaces.empty() && IsActive(member.lifecycle) &&
           std::any_of(members.begin(), members.end(),
                       [&](const Member& other) { return other.token == member.replaces; });
  });
}

// Of all members that count: in service, and warm.
bool IsSettled(const Refresh& refresh, const Group& group, absl::Span<const Member> members, absl::Time now,
               absl::Time& next_reconcile) {
  const absl::Duration warmup = refresh.preferences.warmup.value_or(group.default_warmup);
  for (const Member& member : members) {
    if (IsPending(member.lifecycle) || IsTerminating(member.lifecycle)) return false;
    if (member.lifecycle != Lifecycle::kInService || member.in_service < refresh.started) continue;
    if (now < member.in_service + warmup) {
      next_reconcile = std::min(next_reconcile, member.in_service + warmup);
      return false;
    }
  }
  return true;
}

void End(Refresh& refresh, Group& group, RefreshStatus status, std::string reason, absl::Time now) {
  refresh.status = status;
  // One that went back keeps why.
  if (!reason.empty()) refresh.reason = std::move(reason);
  refresh.ended = now;
  group.refresh.reset();
}

// Empty while it has not.
std::string WhyFailed(const Refresh& refresh, const RefreshView& view) {
  // Going back is what an alarm asks for.
  if (!view.alarms.empty() && refresh.status != RefreshStatus::kRollbackInProgress) {
    return absl::StrCat("The alarm ", view.alarms.front(), " is in ALARM.");
  }
  const Backoff& launches = view.launches;
  const bool failed = launches.failures >= kFailuresToFail && launches.last >= refresh.started && refresh.left > 0;
  return failed ? absl::StrCat("The last ", launches.failures, " launches failed.") : "";
}

// How many members may have been replaced until the next checkpoint is passed.
int ReachOf(const Refresh& refresh) {
  const std::vector<int>& checkpoints = refresh.preferences.checkpoints;
  if (refresh.checkpoints_passed >= static_cast<int>(checkpoints.size())) return refresh.total;
  return (refresh.total * checkpoints[refresh.checkpoints_passed] + 99) / 100;
}

}  // namespace

absl::string_view RefreshStatusName(RefreshStatus status) { return kRefreshStatusNames.Of(status); }

bool IsOutdated(const Group& group, const Member& member) {
  if (!group.refresh.has_value() || member.launched >= group.refresh->began) return false;
  const bool terminates = member.lifecycle == Lifecycle::kStandby && group.refresh->terminates_standby;
  if (member.lifecycle != Lifecycle::kInService && !IsWarmReady(member.lifecycle) && !terminates) return false;
  if (member.protected_from_scale_in && !group.refresh->replaces_protected) return false;
  return !group.refresh->skip_matching || !Matches(group, member);
}

absl::Time Advance(Refresh& refresh, Group& group, const RefreshView& view) {
  const auto& [members, launches, alarms, now] = view;
  const RefreshPreferences& preferences = refresh.preferences;
  absl::Time next_reconcile = absl::InfiniteFuture();
  const int capacity = std::max(1, group.desired);
  const int percent = ReplacedPercent({.min_healthy_percent = preferences.min_healthy_percent,
                                       .max_healthy_percent = preferences.max_healthy_percent.value_or(100)});
  group.refresh = RefreshRule{.began = refresh.started,
                              .skip_matching = preferences.skip_matching,
                              .at_once = std::max(1, capacity * percent / 100),
                              .replaces_protected = preferences.protected_members == "Refresh",
                              .terminates_standby = preferences.standby_members == "Terminate",
                              .max_begun = 0};
  if (refresh.status == RefreshStatus::kRollbackInProgress) {
    // Whatever is not of the source it goes back to.
    group.refresh->began = absl::InfiniteFuture();
    group.refresh->skip_matching = true;
  }
  if (refresh.status == RefreshStatus::kPending) {
    refresh.status = RefreshStatus::kInProgress;
    refresh.total = CountOutdated(group, members);
  }
  refresh.left = CountOutdated(group, members);
  // Members that came into service meanwhile and are older all the same.
  refresh.total = std::max(refresh.total, refresh.left);
  if (refresh.status == RefreshStatus::kCancelling) {
    if (!IsReplacing(members)) End(refresh, group, RefreshStatus::kCancelled, "Cancelled by the user.", now);
    return next_reconcile;
  }
  const bool rolls_back = refresh.status == RefreshStatus::kRollbackInProgress;
  if (const std::string why = WhyFailed(refresh, view); !why.empty()) {
    if (!rolls_back && preferences.auto_rollback) {
      refresh.status = RefreshStatus::kRollbackInProgress;
      refresh.reason = absl::StrCat(why, " The refresh is rolled back.");
      refresh.total = 0;
      group.refresh.reset();
      return now;
    }
    End(refresh, group, rolls_back ? RefreshStatus::kRollbackFailed : RefreshStatus::kFailed, why, now);
    return next_reconcile;
  }
  const int reach = rolls_back ? refresh.total : ReachOf(refresh);
  const int replaced = refresh.total - refresh.left;
  if (replaced < reach) {
    group.refresh->max_begun = reach - replaced;
    return next_reconcile;
  }
  if (!IsSettled(refresh, group, members, now, next_reconcile)) return next_reconcile;
  const int checkpoints = rolls_back ? 0 : static_cast<int>(preferences.checkpoints.size());
  if (refresh.checkpoints_passed < checkpoints) {
    if (refresh.waiting_since == absl::InfinitePast()) refresh.waiting_since = now;
    // Nothing is waited for behind the last one.
    const bool last = refresh.checkpoints_passed + 1 == checkpoints;
    const absl::Time until = refresh.waiting_since + preferences.checkpoint_delay;
    if (!last && now < until) return std::min(next_reconcile, until);
    refresh.waiting_since = absl::InfinitePast();
    ++refresh.checkpoints_passed;
    if (!last) return now;
  }
  End(refresh, group, rolls_back ? RefreshStatus::kRollbackSuccessful : RefreshStatus::kSuccessful, "", now);
  return next_reconcile;
}

}  // namespace brume::scaling
