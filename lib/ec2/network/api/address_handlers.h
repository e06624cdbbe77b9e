// The actions on elastic addresses. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/address_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// AllocateAddress, AssociateAddress, DisassociateAddress, ReleaseAddress, DescribeAddresses and
// DescribeAddressesAttribute.
void AddAddressActions(gateway::Actions& actions, network::AddressService& addresses, const Settings& settings);

}  // namespace brume::ec2
