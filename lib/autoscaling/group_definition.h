// Puts what a call says of a group into its record, by EC2's rules. For GroupService.
#pragma once

#include "absl/status/status.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

// Error: ValidationError, with `record` in pieces.
absl::Status Define(store::Connection& c, const GroupChange& change, scaling::GroupRecord& record);

// Of a maintenance policy and of a refresh. Error: ValidationError.
absl::Status CheckHealthyPercents(int min, int max);

}  // namespace brume::autoscaling
