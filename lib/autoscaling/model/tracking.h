// Target tracking: the capacity that brings a metric to its target.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
#pragma once

#include <optional>

#include "lib/autoscaling/model/scaling_policy.h"

namespace brume::scaling {

// A group's members by what they mean for scaling.
struct Crowd {
  int ready = 0;    // in service and warmed up
  int warming = 0;  // in service and not warmed up
  int pending = 0;  // not in service yet
  int leaving = 0;  // on their way out of the group

  int coming() const { return warming + pending; }
};

// The capacity `policy` wants for a metric that was `metric` over the members that are ready; none while it does not
// know.
//
// It scales out by the newest datapoint, in proportion: at twice the target, to twice the members. It scales in only to
// what the highest load of the last 15 datapoints needs with 2 % to spare, so noise and short lulls move nothing.
// `desired` is the capacity now; `memory` takes the datapoint up.
std::optional<int> TrackTarget(const TrackingPolicy& policy, double metric, const Crowd& crowd, int desired,
                               PolicyMemory& memory);

}  // namespace brume::scaling
