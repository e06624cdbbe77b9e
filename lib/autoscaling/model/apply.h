// Carries a plan out on a group's state and members, as the store is to have them in the transaction that makes the
// plan durable. What follows on the host is WishFor's of each member.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/autoscaling/model/converge.h"

namespace brume::scaling {

// `plan` was made of this very state.
void Apply(const Plan& plan, const Group& group, absl::Time now, State& state, std::vector<Member>& members);

// RunInstances refused a member's launch: it is no member any more, and its place is avoided for a while.
void NoteRefusedLaunch(absl::string_view token, absl::Time now, State& state, std::vector<Member>& members);

}  // namespace brume::scaling
