// All actions of storage's area.
#pragma once

#include "lib/base/clock.h"
#include "lib/ec2/storage/block_tokens.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/image_name_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/model/disk_space.h"
#include "lib/ec2/storage/model/machine.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/snapshot_block_service.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// All that it refers to must outlive the dispatcher.
struct StorageServices {
  const Settings& settings;
  storage::ImageService& images;
  storage::ImageNameService& image_names;
  storage::SnapshotService& snapshots;
  storage::RecycleBinService& recycle_bin;
  storage::SnapshotBlockService& blocks;
  const storage::BlockTokens& block_tokens;
  const Clock& clock;
  storage::VolumeService& volumes;
  storage::EncryptionService& encryption;
  storage::VolumeModificationService& volume_modifications;
  const storage::FindMachine& machine_of;
  const storage::SpaceFunction& space;
};

void AddStorageActions(gateway::Actions& actions, const StorageServices& services);

}  // namespace brume::ec2
