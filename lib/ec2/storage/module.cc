#include "lib/ec2/storage/module.h"

#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/ec2/storage/storage_tagging.h"

namespace brume::storage {

StorageModule::StorageModule(const StorageParts& parts)
    : settings_(parts.settings),
      tags_(parts.tags),
      reconciler_(parts.database, parts.disks, parts.clock),
      images_(parts.database, parts.clock, parts.random, [this](const ImageId& id) { reconciler_.Wake(id); }),
      volumes_(parts.database) {}

void StorageModule::Register(gateway::Actions& actions) {
  AddTaggableKinds(tags_);
  ec2::AddStorageActions(actions, images_, volumes_, settings_);
}

}  // namespace brume::storage
