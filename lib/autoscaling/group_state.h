// A group as it is kept, read and written as a whole. For the services and the loop.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/autoscaling/evaluation.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

inline constexpr char kGroupTag[] = "aws:autoscaling:groupName";

// None when there is no such group. Members come with what their instances' rows show; `impaired_since` is not known
// here.
absl::StatusOr<std::optional<Snapshot>> ReadSnapshot(store::Connection& c, const std::string& name);

// Puts an outcome in the place of what it was made of. Aborted when the group changed meanwhile.
absl::Status Commit(store::Connection& c, const Snapshot& before, Outcome& outcome, absl::Time now);

// ValidationError.
absl::Status GroupNotFound(absl::string_view name);

}  // namespace brume::autoscaling
