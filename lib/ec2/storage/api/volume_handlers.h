// The actions on volumes. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/model/disk_space.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// CreateVolume, DeleteVolume, DescribeVolumes and the calls on their status and attributes.
void AddVolumeActions(gateway::Actions& actions, storage::VolumeService& volumes, const storage::SpaceFunction& space,
                      const Settings& settings);

}  // namespace brume::ec2
