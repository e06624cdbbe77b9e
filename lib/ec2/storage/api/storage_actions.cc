#include "lib/ec2/storage/api/storage_actions.h"

#include "lib/ec2/storage/api/image_handlers.h"
#include "lib/ec2/storage/api/snapshot_handlers.h"
#include "lib/ec2/storage/api/storage_facts.h"
#include "lib/ec2/storage/api/volume_handlers.h"

namespace brume::ec2 {

void AddStorageActions(gateway::Actions& actions, storage::ImageService& images, storage::VolumeService& volumes,
                       const Settings& settings) {
  AddStorageFacts(actions.facts(), images, volumes, settings.account());
  AddImageActions(actions, images, settings);
  AddSnapshotActions(actions, images, settings);
  AddVolumeActions(actions, volumes, settings);
}

}  // namespace brume::ec2
