// Which member goes when a group scales in.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
#pragma once

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/balance.h"
#include "lib/autoscaling/model/member.h"

namespace brume::scaling {

// The index into `members` of the one to go, of `candidates` (indexes too; at least one). As EC2 does it: the zone that
// is fullest first, of those with a candidate; in it the group's policies one after another, each keeping those it
// likes to see go; of the rest the oldest, by its token where launched together.
size_t ChooseVictim(const Group& group, absl::Span<const Member> members, std::vector<size_t> candidates,
                    const ZoneCounts& counts, absl::Time now);

}  // namespace brume::scaling
