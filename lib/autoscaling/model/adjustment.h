// The arithmetic of simple and step scaling.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/scaling_policy.h"

namespace brume::scaling {

// The capacity after `adjustment` of `capacity`; may be outside of the group's bounds. A change in percent rounds as
// EC2 does: towards zero, but a change that is not nothing is one member at least.
int Adjust(int capacity, const Adjustment& adjustment);

// The step for a metric that is `breach` past the threshold; nullptr for none. Above the threshold a step has its lower
// bound and not its upper one; below it is the other way round.
const StepAdjustment* ChooseStep(absl::Span<const StepAdjustment> steps, double breach);

// EC2's rules for a policy's steps: at least one, no overlap, no gap, at most one without a lower bound and one without
// an upper one, and with bounds below zero one without a lower bound, with bounds above zero one without an upper one.
// Error: ValidationError.
absl::Status CheckSteps(absl::Span<const StepAdjustment> steps);

}  // namespace brume::scaling
