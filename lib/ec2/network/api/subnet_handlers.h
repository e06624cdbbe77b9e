// The actions on subnets. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/vpc_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeSubnets, CreateSubnet, CreateDefaultSubnet, DeleteSubnet and ModifySubnetAttribute.
void AddSubnetActions(gateway::Actions& actions, network::NetworkService& networks, network::VpcService& vpcs,
                      const Settings& settings);

}  // namespace brume::ec2
