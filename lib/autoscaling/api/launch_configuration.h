// Launch configurations in the schema's messages.
#pragma once

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/model/record.h"
#include "lib/ec2/compute/model/launch_spec.h"

namespace brume::autoscaling {

// What is kept of it. Errors: ValidationError, also for what RunInstances would refuse whatever there is when it
// launches.
absl::StatusOr<compute::LaunchSpec> ParseConfiguration(const v1::CreateLaunchConfigurationRequest& request,
                                                       const ScalingServices& services);

// All but its ARN.
v1::LaunchConfiguration RenderConfiguration(const scaling::LaunchConfiguration& configuration);

}  // namespace brume::autoscaling
