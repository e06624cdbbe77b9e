// EnableFastSnapshotRestores, DisableFastSnapshotRestores, DescribeFastSnapshotRestores.
#pragma once

#include "lib/ec2/storage/fast_restore_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Both must outlive the dispatcher.
void AddFastRestoreActions(gateway::Actions& actions, storage::FastRestoreService& restores, const Settings& settings);

}  // namespace brume::ec2
