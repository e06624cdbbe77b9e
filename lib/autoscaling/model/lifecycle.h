// The next step of a member's life, by what is seen of its instance and what its hooks say.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lib/autoscaling/model/member.h"

namespace brume::scaling {

struct Step {
  // The state to enter now; none = it stays where it is.
  std::optional<Lifecycle> to = std::nullopt;
  // The hook that gave the launch up; empty = none did.
  std::string abandoned_by = "";
  // When to reconcile again though nothing happened.
  absl::Time next_reconcile = absl::InfiniteFuture();
};

// Not for members in service, nor for those whose instance is gone.
Step NextStep(const Group& group, const Member& member, absl::Time now);

}  // namespace brume::scaling
