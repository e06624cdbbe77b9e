// What a group's policies make of its desired capacity.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scale-based-on-demand.html
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/group.h"
#include "lib/autoscaling/model/member.h"
#include "lib/autoscaling/model/scaling_policy.h"
#include "lib/autoscaling/model/tracking.h"

namespace brume::scaling {

Crowd CountCrowd(const Group& group, absl::Span<const Member> members, absl::Time now);

// The average of `values`, one for each member where it has one, over members that have warmed up; none when none has.
std::optional<double> Measure(const Group& group, absl::Span<const Member> members,
                              absl::Span<const std::optional<double>> values, absl::Time now);

struct Decision {
  int desired = 0;
  std::string cause;
  // When simple policies may act again; none = unchanged.
  std::optional<absl::Time> cooldown_until;
};

struct Demand {
  absl::Span<const Policy> policies;
  absl::Span<const Signal> signals;  // one for each policy
  Crowd crowd;
  absl::Time cooldown_until = absl::InfinitePast();
};

// The new desired capacity within min_size and max_size; none to leave it as it is. `memories`: one for each policy.
//
// Of several policies the one that asks for the most wins. Target tracking policies must all want fewer members for the
// group to scale in, and one without a datapoint does not; nor does a group scale in while members warm up, nor below
// its forecast.
std::optional<Decision> Scale(const Group& group, const Demand& demand, absl::Span<PolicyMemory> memories,
                              absl::Time now);

}  // namespace brume::scaling
