// When a member counts as unhealthy.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/autoscaling/model/member.h"

namespace brume::scaling {

// A failed status check counts when it has lasted for so long: a guest that is busy for a moment is not replaced.
inline constexpr absl::Duration kImpairedFor = absl::Minutes(2);

// A member that dies sooner after its launch tells of something wrong with its kind; see Backoff.
inline constexpr absl::Duration kYoung = absl::Minutes(10);

// Why a member in service is unhealthy, as the end of "an instance was taken out of service …"; empty for a healthy
// one. A guest that is off counts at once, a failed status check only after the group's grace period, and what
// SetInstanceHealth said always.
absl::string_view Ailment(const Group& group, const Member& member, absl::Time now);

}  // namespace brume::scaling
