// Launch configurations and mixed instances policies of databases that kept the messages of the API: migration
// 0013_launch_specs.sql.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/autoscaling/model/mixed_policy.h"
#include "lib/ec2/compute/model/launch_spec.h"
#include "lib/store/migrations.h"

namespace brume::autoscaling {

// What knows the bytes of the messages.
struct LaunchMessages {
  std::function<absl::StatusOr<compute::LaunchSpec>(const std::string& bytes)> read_spec;  // RequestLaunchTemplateData
  std::function<absl::StatusOr<scaling::MixedPolicy>(const std::string& bytes)> read_policy;  // MixedInstancesPolicy
};

// Makes JSON of what each launch configuration and each group with a mixed policy keeps. Error: DataLoss, which names
// the launch configuration or the group, for what `messages` refuse.
store::Conversion LaunchConversion(LaunchMessages messages);

}  // namespace brume::autoscaling
