// Every action of Auto Scaling.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

// `services` must outlive the dispatcher.
void AddScalingActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
