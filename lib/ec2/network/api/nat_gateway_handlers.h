// Actions of NAT gateways.
#pragma once

#include "lib/ec2/network/address_service.h"
#include "lib/ec2/network/nat_gateway_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddNatGatewayActions(gateway::Actions& actions, network::NatGatewayService& gateways,
                          network::AddressService& addresses, const Settings& settings);

}  // namespace brume::ec2
