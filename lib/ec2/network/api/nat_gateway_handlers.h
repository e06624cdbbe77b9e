// Actions of NAT gateways.
#pragma once

#include "lib/ec2/network/nat_gateway_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddNatGatewayActions(gateway::Actions& actions, network::NatGatewayService& gateways);

}  // namespace brume::ec2
