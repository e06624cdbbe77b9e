// The actions of launch configurations.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

// Both must outlive the dispatcher.
void AddLaunchConfigurationActions(gateway::Actions& actions, const ScalingServices& services,
                                   compute::LaunchService& launches);

}  // namespace brume::autoscaling
