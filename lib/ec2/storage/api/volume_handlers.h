// The actions on volumes. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/volume_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// DescribeVolumes.
void AddVolumeActions(gateway::Actions& actions, storage::VolumeService& volumes);

}  // namespace brume::ec2
