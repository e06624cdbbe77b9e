#include "lib/autoscaling/model/balance.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace brume::scaling {
namespace {

bool IsRefused(absl::Span<const Refusal> refusals, const Zone& zone, const std::string& type, absl::Time now) {
  return std::any_of(refusals.begin(), refusals.end(), [&](const Refusal& refusal) {
    return now < refusal.until && refusal.zone == zone.name && refusal.instance_type == type;
  });
}

// The most preferred type that `zone` does not refuse.
std::optional<std::string> ChooseType(const Group& group, absl::Span<const Refusal> refusals, const Zone& zone,
                                      absl::Time now) {
  if (group.instance_types.empty()) {
    return IsRefused(refusals, zone, "", now) ? std::nullopt : std::make_optional<std::string>();
  }
  for (const std::string& type : group.instance_types) {
    if (!IsRefused(refusals, zone, type, now)) return type;
  }
  return std::nullopt;
}

}  // namespace

// Weights are positive, so fractions are compared without dividing.
bool ZoneCounts::LeansFrom(int zone, int other) const {
  if (zone == kForeign) return foreign_ > 0;
  return int64_t{counts_[zone]} * group_.zones[other].weight > int64_t{counts_[other] + 1} * group_.zones[zone].weight;
}

bool ZoneCounts::IsFuller(int zone, int other) const {
  if (zone == kForeign || other == kForeign) return zone == kForeign && other != kForeign;
  return int64_t{counts_[zone]} * group_.zones[other].weight > int64_t{counts_[other]} * group_.zones[zone].weight;
}

bool ZoneCounts::HasMoreRoom(int zone, int other) const {
  return int64_t{counts_[zone] + 1} * group_.zones[other].weight <
         int64_t{counts_[other] + 1} * group_.zones[zone].weight;
}

std::optional<Place> ChoosePlace(const Group& group, absl::Span<const Refusal> refusals, const ZoneCounts& counts,
                                 absl::Time now) {
  std::optional<Place> best;
  for (int zone = 0; zone < static_cast<int>(group.zones.size()); ++zone) {
    std::optional<std::string> type = ChooseType(group, refusals, group.zones[zone], now);
    if (!type.has_value()) continue;
    if (!best.has_value() || counts.HasMoreRoom(zone, best->zone)) best = Place{zone, *std::move(type)};
  }
  if (!best.has_value() && !refusals.empty()) return ChoosePlace(group, {}, counts, now);
  return best;
}

std::optional<int> LeaningZone(const Group& group, const ZoneCounts& counts, int to) {
  if (counts.Of(ZoneCounts::kForeign) > 0) return ZoneCounts::kForeign;
  std::optional<int> fullest;
  for (int zone = 0; zone < static_cast<int>(group.zones.size()); ++zone) {
    if (!counts.LeansFrom(zone, to)) continue;
    if (!fullest.has_value() || counts.IsFuller(zone, *fullest)) fullest = zone;
  }
  return fullest;
}

}  // namespace brume::scaling
