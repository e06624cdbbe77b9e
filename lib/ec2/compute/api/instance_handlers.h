// Instances: launched, shown, started, stopped, rebooted, terminated.
#pragma once

#include "lib/ec2/compute/api/compute_actions.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddInstanceActions(gateway::Actions& actions, const ComputeServices& services);

}  // namespace brume::ec2
