// The actions on internet gateways. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/route_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// DescribeInternetGateways, CreateInternetGateway, DeleteInternetGateway, AttachInternetGateway and
// DetachInternetGateway.
void AddInternetGatewayActions(gateway::Actions& actions, network::RouteService& routes, const Settings& settings);

}  // namespace brume::ec2
