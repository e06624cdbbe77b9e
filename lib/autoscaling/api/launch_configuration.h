// Launch configurations in the schema's messages. They are kept as the data of a launch template's version is, so that
// members are launched from either in one way.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "lib/api/handlers.h"
#include "lib/autoscaling/model/record.h"

namespace brume::autoscaling {

// What is kept of it: the message brume.ec2.v1.RequestLaunchTemplateData. Errors: ValidationError, also for what
// RunInstances would refuse whatever there is when it launches.
absl::StatusOr<std::string> ConfigurationData(
    const api::Services& services, const ::brume::autoscaling::v1::CreateLaunchConfigurationRequest& request);

// All but its ARN. Error: DataLoss.
absl::StatusOr<::brume::autoscaling::v1::LaunchConfiguration> RenderConfiguration(
    const scaling::LaunchConfiguration& configuration);

}  // namespace brume::autoscaling
