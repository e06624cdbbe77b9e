// What can be asked and changed of an instance that is there: attributes, metadata options, monitoring.
#pragma once

#include "lib/ec2/compute/instance_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddInstanceAttributeActions(gateway::Actions& actions, compute::InstanceService& instances,
                                 const Settings& settings);

}  // namespace brume::ec2
