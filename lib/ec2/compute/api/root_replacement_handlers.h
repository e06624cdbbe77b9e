// Actions of tasks that replace root volumes.
#pragma once

#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/account.h"

namespace brume::ec2 {

void AddRootReplacementActions(gateway::Actions& actions, compute::RootReplacementService& replacements,
                               compute::InstanceService& instances, const Account& account);

}  // namespace brume::ec2
