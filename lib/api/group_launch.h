// Launches of Auto Scaling's members, by the path that RunInstances takes.
#pragma once

#include "absl/status/statusor.h"
#include "lib/autoscaling/launcher.h"
#include "lib/compute/instance_service.h"
#include "lib/compute/launch_template_service.h"
#include "lib/domain/ids.h"
#include "lib/identity/instance_profile_service.h"

namespace brume::api {

// All are thread-safe.
struct MemberLauncher {
  compute::InstanceService& instances;
  compute::LaunchTemplateService& launch_templates;
  identity::InstanceProfileService& instance_profiles;
};

// The instance that was launched under the order's token, which alone says whether a launch is the same one: tags that
// changed between two tries make no other. The order's subnet counts more than the source's zone, subnet and address.
// Errors: those of RunInstances.
absl::StatusOr<InstanceId> LaunchMember(const MemberLauncher& launcher, const autoscaling::LaunchOrder& order);

}  // namespace brume::api
