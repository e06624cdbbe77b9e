// The instances behind interfaces, as the network asks about them.
#pragma once

#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/resource/settings.h"

namespace brume::compute {

// What the network asks about the instances that its interfaces are attached to. With `types` and `settings`, which
// outlive the answers, also what their types give each interface.
network::AttachedInstances AnswersForNetwork(const InstanceTypeTable* types = nullptr,
                                             const Settings* settings = nullptr);

}  // namespace brume::compute
