// Replacing members that are well, because of their age or their zone. Part of Planner, in a file of its own.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/planner.h"
#include "lib/autoscaling/model/refresh.h"

namespace brume::scaling {
namespace {

// At one time, of the desired capacity; at least one. EC2's own margin for rebalancing.
constexpr int kReplacedPercent = 10;

}  // namespace

void Planner::Refit() {
  // One thing after another: nothing is replaced while the group is not what it should be.
  if (!IsAtDesired() || in_service_ != active_ || !plan_.blocked.empty()) return;
  if (!group_.Runs(Process::kLaunch) || !group_.Runs(Process::kTerminate) || group_.zones.empty()) return;
  if (!RefreshMembers()) return;
  const int percent = group_.maintenance.has_value() ? ReplacedPercent(*group_.maintenance) : kReplacedPercent;
  int room = std::max(1, desired_ * percent / 100) - pairs_;
  while (room > 0) {
    const std::optional<size_t> expired = NextExpired();
    if (!expired.has_value()) break;
    if (!MayLaunch()) return;
    if (!Replace(*expired, StartedForDifference(now_, active_, active_ + 1),
                 "in response to its maximum instance lifetime having passed")) {
      return;
    }
    --room;
  }
  if (!group_.Runs(Process::kAzRebalance)) return;
  while (room > 0) {
    int to = 0;
    const std::optional<size_t> leaning = NextOutOfBalance(to);
    if (!leaning.has_value()) return;
    if (!MayLaunch()) return;
    std::vector<std::string> names;
    for (const Zone& zone : group_.zones) names.push_back(zone.name);
    if (!Replace(*leaning,
                 absl::StrCat(ZonesHad(now_, names, counts_.all()),
                              "  An instance was launched to aid in balancing the group's zones."),
                 "to aid in balancing the group's zones")) {
      return;
    }
    --room;
  }
}

// Returns whether members may be replaced for other reasons too.
bool Planner::RefreshMembers() {
  if (!group_.refresh.has_value() || !group_.Runs(Process::kInstanceRefresh)) return true;
  const RefreshRule& refresh = *group_.refresh;
  // Those that were replaced just now are not yet in what the refresh may still do.
  if (finished_ > 0) return false;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].lifecycle != Lifecycle::kStandby || !IsOutdated(group_, members_[i])) continue;
    TakeOut(i, "in response to an instance refresh");
  }
  for (int room = std::min(refresh.at_once - spare_, refresh.max_begun - pairs_); room > 0;) {
    const std::optional<size_t> outdated = NextOutdated();
    if (!outdated.has_value()) break;
    room -= WeightOf(*outdated);
    if (!MayLaunch()) return false;
    if (!Replace(*outdated, StartedForRefresh(now_), "in response to an instance refresh")) return false;
  }
  return pairs_ == 0;
}

// The oldest first.
std::optional<size_t> Planner::NextOutdated() const {
  std::optional<size_t> oldest;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (roles_[i] != Role::kActive || !IsOutdated(group_, members_[i])) continue;
    if (!oldest.has_value() || members_[i].launched < members_[*oldest].launched) oldest = i;
  }
  return oldest;
}

std::optional<size_t> Planner::NextExpired() const {
  std::optional<size_t> oldest;
  if (!group_.max_lifetime.has_value()) return oldest;
  for (size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    if (roles_[i] != Role::kActive || member.protected_from_scale_in) continue;
    if (now_ < member.launched + *group_.max_lifetime) continue;
    if (!oldest.has_value() || member.launched < members_[*oldest].launched) oldest = i;
  }
  return oldest;
}

// The youngest of the zone that leans, as the one that has the least to lose.
std::optional<size_t> Planner::NextOutOfBalance(int& to) const {
  std::optional<size_t> youngest;
  if (group_.zones.size() < 2 && counts_.Of(ZoneCounts::kForeign) == 0) return youngest;
  const std::optional<Place> place = ChoosePlace(group_, refusals_, counts_, now_);
  to = place->zone;
  const std::optional<int> from = LeaningZone(group_, counts_, to);
  if (!from.has_value()) return youngest;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (roles_[i] != Role::kActive || members_[i].protected_from_scale_in) continue;
    if (group_.ZoneIndex(members_[i].zone) != *from) continue;
    if (!youngest.has_value() || members_[*youngest].launched < members_[i].launched) youngest = i;
  }
  return youngest;
}

// Launches first and takes out later; at max_size the other way round, one at a time. Returns whether more may follow.
bool Planner::Replace(size_t victim, const std::string& why_launched, absl::string_view why_taken_out) {
  if (active_ >= group_.max_size) {
    if (pairs_ == 0) TakeOut(victim, why_taken_out);
    return false;
  }
  counts_.Remove(group_.ZoneIndex(members_[victim].zone));
  const std::optional<Place> place = ChoosePlace(group_, refusals_, counts_, now_);
  counts_.Add(place->zone);
  active_ += group_.WeightOf(place->instance_type);
  spare_ += group_.WeightOf(place->instance_type);
  ++pairs_;
  roles_[victim] = Role::kReplaced;
  plan_.actions.push_back(Launch{.token = NextToken(),
                                 .zone = place->zone,
                                 .instance_type = place->instance_type,
                                 .to_warm_pool = false,
                                 .replaces = members_[victim].token,
                                 .cause = why_launched});
  return true;
}

}  // namespace brume::scaling
