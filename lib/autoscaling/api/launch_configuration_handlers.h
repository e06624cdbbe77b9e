// The actions of launch configurations.
#pragma once

#include "lib/autoscaling/policy_service.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddLaunchConfigurationActions(gateway::Actions& actions, PolicyService& policies,
                                   compute::InstanceService& instances, compute::LaunchService& launches);

}  // namespace brume::autoscaling
