// The actions on regions and availability zones. What is given outlives the dispatcher.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeRegions and DescribeAvailabilityZones.
void AddRegionActions(gateway::Actions& actions, const Settings& settings);

}  // namespace brume::ec2
