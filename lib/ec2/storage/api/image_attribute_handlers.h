// The actions on single attributes of an image. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// The word for images whose instances' metadata need tokens.
inline constexpr char kImdsV2[] = "v2.0";

void AddImageAttributeActions(gateway::Actions& actions, const StorageServices& services);

}  // namespace brume::ec2
