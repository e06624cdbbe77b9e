// The actions on warm pools.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddWarmPoolActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
