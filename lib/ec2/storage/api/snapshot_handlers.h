// The actions on snapshots. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/image_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeSnapshots.
void AddSnapshotActions(gateway::Actions& actions, storage::ImageService& images, const Settings& settings);

}  // namespace brume::ec2
