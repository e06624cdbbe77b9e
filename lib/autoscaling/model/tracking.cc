#include "lib/autoscaling/model/tracking.h"

#include <algorithm>
#include <cmath>

namespace brume::scaling {
namespace {

constexpr double kSpare = 0.98;
// What rounding may add to a quotient that should be whole.
constexpr double kRounding = 1e-9;
constexpr double kMaxCapacity = 1e6;

int MembersFor(double load, double per_member) {
  return static_cast<int>(std::min(kMaxCapacity, std::ceil(load / per_member - kRounding)));
}

}  // namespace

std::optional<int> TrackTarget(const TrackingPolicy& policy, double metric, const Crowd& crowd, int desired,
                               PolicyMemory& memory) {
  if (!(policy.target > 0) || !std::isfinite(metric) || metric < 0 || crowd.ready == 0) return std::nullopt;
  // Who warms up may serve already or not. To scale out they are taken not to, as they were launched for this load; to
  // scale in later they are taken to serve as much as the others.
  memory.Note(metric * (crowd.ready + crowd.warming));
  const int out = MembersFor(metric * crowd.ready, policy.target);
  if (out > desired) return out;
  if (policy.disable_scale_in) return std::nullopt;
  if (memory.count < PolicyMemory::kDatapoints) return desired;
  const double highest = *std::max_element(memory.loads.begin(), memory.loads.end());
  return std::min(desired, MembersFor(highest, policy.target * kSpare));
}

}  // namespace brume::scaling
