// The actions on instance refreshes.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddInstanceRefreshActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
