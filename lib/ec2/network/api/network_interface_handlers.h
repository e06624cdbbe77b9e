// The actions on network interfaces. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/address_service.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeNetworkInterfaces and ModifyNetworkInterfaceAttribute.
void AddNetworkInterfaceActions(gateway::Actions& actions, network::InterfaceService& interfaces,
                                network::AddressService& addresses, const Settings& settings);

}  // namespace brume::ec2
