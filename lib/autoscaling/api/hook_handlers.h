// The actions on lifecycle hooks.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddLifecycleHookActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
