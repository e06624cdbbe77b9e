// The rules of a new launch configuration. For the services.
#pragma once

#include "absl/status/status.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

inline constexpr int kMaxLaunchConfigurations = 10000;

// Inside a transaction of the caller's. Errors: AlreadyExists, LimitExceeded, ValidationError.
absl::Status AddConfiguration(store::Connection& c, const scaling::LaunchConfiguration& made);

}  // namespace brume::autoscaling
