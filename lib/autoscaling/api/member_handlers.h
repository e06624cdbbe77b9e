// The actions on the instances of Auto Scaling groups, and on what has been done to them.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddMemberActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
