// The launches that a group will make, as policies are asked about them: EC2 judges who gives a group a launch template
// as if they launched from it themselves.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/autoscaling/v1/instance_refresh.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/autoscaling/api/scaling_services.h"

namespace brume::autoscaling {

using LaunchCalls = absl::StatusOr<std::vector<ec2::v1::RunInstancesRequest>>;

// One launch of each template and type that the request names, and one in each of its group's subnets. None where the
// request names no template: who made a launch configuration was asked about that. Errors, as of the handler: what the
// request names is not there or makes no sense, or cannot be read; the call is refused.
LaunchCalls LaunchesOf(const v1::CreateAutoScalingGroupRequest& request, const ScalingServices& services);
LaunchCalls LaunchesOf(const v1::UpdateAutoScalingGroupRequest& request, const ScalingServices& services);
LaunchCalls LaunchesOf(const v1::StartInstanceRefreshRequest& request, const ScalingServices& services);

}  // namespace brume::autoscaling
