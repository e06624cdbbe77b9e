// The actions on snapshots. What is given outlives the dispatcher.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::ec2 {

// DescribeSnapshots.
void AddSnapshotActions(gateway::Actions& actions);

}  // namespace brume::ec2
