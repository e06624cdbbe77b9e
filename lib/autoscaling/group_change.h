// How every call that changes a group does it. For the services.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

// Reads the group `name`, lets `change` change it, and writes what it was changed to, in one transaction. Errors:
// ValidationError when there is none, ScalingActivityInProgress while it is being deleted, those of `change`.
absl::Status ChangeGroup(store::Database& database, const std::string& name,
                         const std::function<absl::Status(store::Connection& c, scaling::GroupView& group)>& change);

// A random UUID.
std::string NewUuid(class Random& random);

}  // namespace brume::autoscaling
