#pragma once

#include "lib/gateway/actions.h"

namespace brume::ec2 {

// DescribeAddresses.
void AddAddressActions(gateway::Actions& actions);

}  // namespace brume::ec2
