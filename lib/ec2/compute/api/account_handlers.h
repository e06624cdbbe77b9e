// What holds of the account: EC2's DescribeAccountAttributes.
#pragma once

#include "lib/ec2/network/network_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddAccountActions(gateway::Actions& actions, network::NetworkService& networks);

}  // namespace brume::ec2
