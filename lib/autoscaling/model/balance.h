// Members and zones: where the next member goes, and whether the group leans to one side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/group.h"

namespace brume::scaling {

// A zone and type in which a launch failed of late; others are tried first until then.
struct Refusal {
  std::string zone;
  std::string instance_type;
  absl::Time until;
};

// How long the zone and type of a failed launch are avoided.
inline constexpr absl::Duration kAvoidFor = absl::Minutes(5);

// Active members by zone. Zones are indexes into the group's; kForeign stands for all that are not the group's.
class ZoneCounts {
 public:
  static constexpr int kForeign = -1;

  explicit ZoneCounts(const Group& group) : group_(group), counts_(group.zones.size()) {}
  void Add(int zone) { ++Count(zone); }
  void Remove(int zone) { --Count(zone); }
  int Of(int zone) const { return zone == kForeign ? foreign_ : counts_[zone]; }
  absl::Span<const int> all() const { return counts_; }
  // Whether `zone` has more members for its weight than `other` would have with one more. Always of kForeign.
  bool LeansFrom(int zone, int other) const;
  // Whether `zone` has more members for its weight than `other`.
  bool IsFuller(int zone, int other) const;
  // Whether `zone` would have fewer members for its weight with one more than `other` with one more. Not of kForeign.
  bool HasMoreRoom(int zone, int other) const;

 private:
  int& Count(int zone) { return zone == kForeign ? foreign_ : counts_[zone]; }

  const Group& group_;
  std::vector<int> counts_;
  int foreign_ = 0;
};

struct Place {
  int zone = 0;
  std::string instance_type;  // empty = the source's own
};

// The zone with the most room for its weight, and the most preferred type, of what is not refused now. Where all is
// refused, as if nothing were: somewhere the group must try. None for a group without zones.
std::optional<Place> ChoosePlace(const Group& group, absl::Span<const Refusal> refusals, const ZoneCounts& counts,
                                 absl::Time now);

// The zone that should give up a member so that one may go to `to`; none when the group is in balance.
std::optional<int> LeaningZone(const Group& group, const ZoneCounts& counts, int to);

}  // namespace brume::scaling
