// Actions about what keeps images and snapshots from being made everybody's.
#pragma once

#include "lib/ec2/storage/public_access_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// It must outlive the dispatcher.
void AddPublicAccessActions(gateway::Actions& actions, storage::PublicAccessService& public_access);

}  // namespace brume::ec2
