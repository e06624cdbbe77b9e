// The actions on the tags of Auto Scaling groups.
#pragma once

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/gateway/actions.h"

namespace brume::autoscaling {

void AddGroupTagActions(gateway::Actions& actions, const ScalingServices& services);

}  // namespace brume::autoscaling
