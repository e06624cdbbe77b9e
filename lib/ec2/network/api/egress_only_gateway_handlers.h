// Actions on egress-only internet gateways.
#pragma once

#include "lib/ec2/network/route_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddEgressOnlyGatewayActions(gateway::Actions& actions, network::RouteService& routes);

}  // namespace brume::ec2
