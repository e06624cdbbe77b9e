// All actions of storage's area.
#pragma once

#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// What it is given outlives the dispatcher.
void AddStorageActions(gateway::Actions& actions, storage::ImageService& images, storage::VolumeService& volumes,
                       const Settings& settings);

}  // namespace brume::ec2
