// The actions on the account, and those that describe what no group has: load balancers and notifications.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddAccountActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
