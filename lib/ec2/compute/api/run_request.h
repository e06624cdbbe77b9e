// RunInstances' parameters as the service takes them.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/iam/instance_profile_service.h"

namespace brume::ec2 {

// Errors: InvalidParameterValue, InvalidParameterCombination, InvalidUserData.Malformed, UnsupportedOperation,
// InvalidPlacementGroup.Unknown.
absl::StatusOr<compute::RunRequest> ParseRunRequest(const v1::RunInstancesRequest& request);

// The instance profile that `request` names, if it names one. Errors: InvalidParameterValue,
// InvalidParameterCombination.
absl::Status ResolveProfile(const v1::RunInstancesRequest& request, iam::InstanceProfileService& profiles,
                            compute::RunRequest& run);

MetadataOptionsChange ParseMetadataOptions(const v1::InstanceMetadataOptionsRequest& options);

}  // namespace brume::ec2
