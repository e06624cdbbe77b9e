// Actions of tasks that replace root volumes.
#pragma once

#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddRootReplacementActions(gateway::Actions& actions, compute::RootReplacementService& replacements);

}  // namespace brume::ec2
