// The actions on images. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// Those that make, show and take away images.
void AddImageActions(gateway::Actions& actions, const StorageServices& services);

}  // namespace brume::ec2
