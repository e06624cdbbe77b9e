// The actions on Elastic IP addresses. What is given outlives the dispatcher.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::ec2 {

// DescribeAddresses.
void AddAddressActions(gateway::Actions& actions);

}  // namespace brume::ec2
