// Actions on virtual private gateways, of which there are none. Source of behaviour: EC2 API reference,
// EnableVgwRoutePropagation, DisableVgwRoutePropagation, DescribeVpnGateways.
#pragma once

#include "lib/ec2/network/route_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddVpnGatewayActions(gateway::Actions& actions, network::RouteService& routes);

}  // namespace brume::ec2
