// The actions of launch configurations.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

// `services` must outlive the dispatcher.
void AddLaunchConfigurationActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
