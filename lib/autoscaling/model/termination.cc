#include "lib/autoscaling/model/termination.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/functional/function_ref.h"

namespace brume::scaling {
namespace {

using Candidates = std::vector<size_t>;

// Narrows candidates down by one rule after another.
class Selection {
 public:
  Selection(const Group& group, absl::Span<const Member> members, Candidates candidates, absl::Time now)
      : group_(group), members_(members), candidates_(std::move(candidates)), now_(now) {}

  void Narrow(TerminationPolicy policy) {
    switch (policy) {
      case TerminationPolicy::kDefault:
        KeepLastPreferredType();
        KeepOldestSource();
        KeepClosestToNextHour();
        return;
      case TerminationPolicy::kAllocationStrategy:
        return KeepLastPreferredType();
      case TerminationPolicy::kOldestLaunchTemplate:
        return KeepOldestTemplate();
      case TerminationPolicy::kOldestLaunchConfiguration:
        return KeepOldestConfiguration();
      case TerminationPolicy::kClosestToNextInstanceHour:
        return KeepClosestToNextHour();
      case TerminationPolicy::kNewestInstance:
        return KeepMin([](const Member& member) { return absl::UnixEpoch() - member.launched; });
      case TerminationPolicy::kOldestInstance:
        return KeepMin([](const Member& member) { return member.launched; });
    }
  }

  size_t First() const {
    return *std::min_element(candidates_.begin(), candidates_.end(), [this](size_t a, size_t b) {
      return std::tie(members_[a].launched, members_[a].token) < std::tie(members_[b].launched, members_[b].token);
    });
  }

 private:
  // Those with the minimum key stay.
  template <typename Key>
  void KeepMin(Key key) {
    auto min = key(members_[candidates_[0]]);
    for (const size_t i : candidates_) min = std::min(min, key(members_[i]));
    std::erase_if(candidates_, [&](size_t i) { return min < key(members_[i]); });
  }

  // Those for which `is` holds stay, if there are any.
  void Prefer(absl::FunctionRef<bool(const Member&)> is) {
    if (std::any_of(candidates_.begin(), candidates_.end(), [&](size_t i) { return is(members_[i]); })) {
      std::erase_if(candidates_, [&](size_t i) { return !is(members_[i]); });
    }
  }

  // The strategy is the order of the types, so what is furthest down the list fits it worst.
  void KeepLastPreferredType() {
    if (group_.instance_types.empty()) return;
    KeepMin([this](const Member& member) {
      const auto found = std::find(group_.instance_types.begin(), group_.instance_types.end(), member.instance_type);
      return group_.instance_types.begin() - found;
    });
  }

  // Another template than the group's before the group's; of one template the oldest version.
  void KeepOldestTemplate() {
    Prefer([](const Member& member) { return member.source.is_template; });
    if (!members_[candidates_[0]].source.is_template) return;
    KeepMin([this](const Member& member) {
      const bool current = group_.source.is_template && member.source.id == group_.SourceOf(member.instance_type).id;
      return std::make_tuple(current, current ? absl::InfinitePast() : member.source.created, member.source.version);
    });
  }

  void KeepOldestConfiguration() {
    Prefer([](const Member& member) { return !member.source.is_template; });
    if (members_[candidates_[0]].source.is_template) return;
    KeepMin([](const Member& member) { return member.source.created; });
  }

  // As the default policy has it: a group that moved to templates sees its launch configurations go first, and one
  // that moved back sees its templates go first.
  void KeepOldestSource() {
    const bool templates = group_.source.is_template;
    Prefer([templates](const Member& member) { return member.source.is_template != templates; });
    members_[candidates_[0]].source.is_template ? KeepOldestTemplate() : KeepOldestConfiguration();
  }

  void KeepClosestToNextHour() {
    KeepMin([this](const Member& member) {
      absl::Duration into_hour;
      absl::IDivDuration(now_ - member.launched, absl::Hours(1), &into_hour);
      return absl::Hours(1) - into_hour;
    });
  }

  const Group& group_;
  const absl::Span<const Member> members_;
  Candidates candidates_;
  const absl::Time now_;
};

}  // namespace

size_t ChooseVictim(const Group& group, absl::Span<const Member> members, std::vector<size_t> candidates,
                    const ZoneCounts& counts, absl::Time now) {
  int fullest = group.ZoneIndex(members[candidates[0]].zone);
  for (const size_t i : candidates) {
    const int zone = group.ZoneIndex(members[i].zone);
    if (counts.IsFuller(zone, fullest)) fullest = zone;
  }
  std::erase_if(candidates, [&](size_t i) {
    const int zone = group.ZoneIndex(members[i].zone);
    return zone != fullest && counts.IsFuller(fullest, zone);
  });
  Selection selection(group, members, std::move(candidates), now);
  for (const TerminationPolicy policy : group.termination_policies) selection.Narrow(policy);
  return selection.First();
}

}  // namespace brume::scaling
