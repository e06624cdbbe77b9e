// The actions on locks of snapshots. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/snapshot_lock_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddSnapshotLockActions(gateway::Actions& actions, storage::SnapshotLockService& locks, const Settings& settings);

}  // namespace brume::ec2
