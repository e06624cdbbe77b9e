// The actions on VPCs and subnets. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/network_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeVpcs, DescribeVpcAttribute and DescribeSubnets.
void AddVpcActions(gateway::Actions& actions, network::NetworkService& networks, const Settings& settings);

}  // namespace brume::ec2
