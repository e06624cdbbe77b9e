// The actions on scaling policies.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddScalingPolicyActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
