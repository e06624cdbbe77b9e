// Launches of Auto Scaling's members, by the path that RunInstances takes.
#pragma once

#include "absl/status/statusor.h"
#include "lib/autoscaling/launcher.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/ids.h"

namespace brume::autoscaling {

// All are thread-safe.
struct MemberLauncher {
  compute::InstanceService& instances;
  compute::LaunchTemplateService& launch_templates;
  iam::InstanceProfileService& instance_profiles;
};

// The instance that was launched under the order's token, which alone says whether a launch is the same one: tags that
// changed between two tries make no other. The order's subnet counts more than the source's zone, subnet and address.
// Errors: those of RunInstances.
absl::StatusOr<InstanceId> LaunchMember(const MemberLauncher& launcher, const autoscaling::LaunchOrder& order);

}  // namespace brume::autoscaling
