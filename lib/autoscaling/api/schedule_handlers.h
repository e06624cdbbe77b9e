// The actions on scheduled actions.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddScheduledActionActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
