// Which instance types there are, and where.
#pragma once

#include "lib/ec2/compute/model/instance_type.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddInstanceTypeActions(gateway::Actions& actions, const InstanceTypeTable& types, const Settings& settings);

}  // namespace brume::ec2
