// The actions on the recycle bin. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddRecycleBinActions(gateway::Actions& actions, const StorageServices& services);

}  // namespace brume::ec2
