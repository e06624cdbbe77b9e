#include "lib/ec2/storage/api/storage_actions.h"

#include "lib/ec2/storage/api/block_handlers.h"
#include "lib/ec2/storage/api/encryption_handlers.h"
#include "lib/ec2/storage/api/image_attribute_handlers.h"
#include "lib/ec2/storage/api/image_handlers.h"
#include "lib/ec2/storage/api/recycle_bin_handlers.h"
#include "lib/ec2/storage/api/snapshot_handlers.h"
#include "lib/ec2/storage/api/storage_facts.h"
#include "lib/ec2/storage/api/volume_handlers.h"
#include "lib/ec2/storage/api/volume_modification_handlers.h"

namespace brume::ec2 {

void AddStorageActions(gateway::Actions& actions, const StorageServices& services) {
  AddStorageFacts(actions.facts(), services.images, services.volumes, services.snapshots, services.settings.account());
  AddImageActions(actions, services);
  AddImageAttributeActions(actions, services);
  AddSnapshotActions(actions, services);
  AddVolumeActions(actions, {.settings = services.settings,
                             .volumes = services.volumes,
                             .snapshots = services.snapshots,
                             .space = services.space,
                             .encryption = services.encryption});
  AddEncryptionActions(actions, services.encryption, services.settings);
  AddRecycleBinActions(actions, services);
  AddBlockActions(actions, services);
  AddVolumeModificationActions(actions, services.volume_modifications);
}

}  // namespace brume::ec2
