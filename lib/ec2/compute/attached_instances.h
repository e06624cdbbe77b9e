// The instances behind interfaces, as the network asks about them.
#pragma once

#include "lib/ec2/network/interface_service.h"

namespace brume::compute {

// What the network asks about the instances that its interfaces are attached to.
network::AttachedInstances AnswersForNetwork();

}  // namespace brume::compute
