// The actions that modify volumes. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// ModifyVolume, DescribeVolumesModifications.
void AddVolumeModificationActions(gateway::Actions& actions, storage::VolumeModificationService& modifications);

}  // namespace brume::ec2
