// The actions on volumes. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/model/disk_space.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

struct VolumeServices {
  const Settings& settings;
  storage::VolumeService& volumes;
  storage::SnapshotService& snapshots;
  const storage::SpaceFunction& space;
  storage::EncryptionService& encryption;
};

// CreateVolume, DeleteVolume, DescribeVolumes and the calls on their status and attributes.
void AddVolumeActions(gateway::Actions& actions, const VolumeServices& services);

}  // namespace brume::ec2
