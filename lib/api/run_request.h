// RunInstances' parameters as the service takes them.
#pragma once

#include "absl/status/statusor.h"
#include "brume/v1/instance.pb.h"
#include "lib/compute/instance_service.h"

namespace brume::api {

// Errors: InvalidParameterValue, InvalidParameterCombination, InvalidUserData.Malformed, UnsupportedOperation,
// InvalidPlacementGroup.Unknown.
absl::StatusOr<compute::RunRequest> ParseRunRequest(const v1::RunInstancesRequest& request);

MetadataOptionsChange ParseMetadataOptions(const v1::InstanceMetadataOptionsRequest& options);

}  // namespace brume::api
