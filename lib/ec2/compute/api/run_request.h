// RunInstances' parameters as compute::LaunchService takes them.
#pragma once

#include "absl/status/statusor.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/model/launch_spec.h"

namespace brume::ec2 {

// All that a launch template can give as well. The request is as whole as WithLaunchTemplate made it.
compute::LaunchSpec SpecOf(const v1::RunInstancesRequest& request);

// The rest. Error: InvalidParameterValue.
absl::StatusOr<compute::LaunchCall> ParseLaunchCall(const v1::RunInstancesRequest& request);

}  // namespace brume::ec2
