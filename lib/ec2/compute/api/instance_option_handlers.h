// Options of instances that clients ask for and that have one value here: burst credits, maintenance, host names.
#pragma once

#include "lib/ec2/compute/instance_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddInstanceOptionActions(gateway::Actions& actions, compute::InstanceService& instances);

}  // namespace brume::ec2
