// Predictive scaling: the load of the next two days, from the daily pattern of the last fourteen.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-predictive-scaling.html
#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/group.h"
#include "lib/autoscaling/model/scaling_policy.h"

namespace brume::scaling {

inline constexpr int kHistoryHours = 14 * 24;
inline constexpr int kForecastHours = 48;

// The load (metric times members) of each of the 48 hours that follow `history`, the hours before from the oldest to
// the newest, at most 14 days of them count; none where nothing was measured. Empty when less than a day of it was
// measured, as with EC2.
//
// An hour is foreseen as the median of the same hour of the days before, the later ones counting more, so one odd day
// changes little; and as all of it higher or lower by how the last day compares with its own forecast, so growth is
// followed.
std::vector<double> ForecastLoad(absl::Span<const std::optional<double>> history);

// What a unit of the load is of the average of one member times members: the median of the hours in which all three
// were measured. None where there is no such hour.
std::optional<double> UnitsPerLoad(absl::Span<const std::optional<double>> load,
                                   absl::Span<const std::optional<double>> average,
                                   absl::Span<const std::optional<double>> members);

struct Foreseen {
  int capacity = 0;
  // What the group may grow to now: its max_size, or more where the policy may raise it. The group is to be evaluated
  // with this in its max_size.
  int max_size = 0;
};

// What `loads`, which begin at `first_hour`, ask for at `now`: the most of now and of `policy.buffer` from now. None
// outside of the forecast. The capacity is within the group's min_size and the max_size returned.
std::optional<Foreseen> CapacityForecast(const PredictivePolicy& policy, const Group& group,
                                         absl::Span<const double> loads, absl::Time first_hour, absl::Time now);

}  // namespace brume::scaling
