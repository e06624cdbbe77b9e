// Launches of Auto Scaling's members, through compute's service.
#pragma once

#include "absl/status/statusor.h"
#include "lib/autoscaling/launcher.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/resource/ids.h"

namespace brume::autoscaling {

// The instance that was launched under the order's token, which alone says whether a launch is the same one: tags that
// changed between two tries make no other. The order's subnet counts more than the source's zone, subnet and address.
// Errors: those of LaunchTemplateService::Resolve and of compute::LaunchService.
absl::StatusOr<InstanceId> LaunchMember(compute::LaunchService& launches, compute::LaunchTemplateService& templates,
                                        const LaunchOrder& order);

}  // namespace brume::autoscaling
