// The actions on route tables. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/network/route_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Route tables, their associations and their routes.
void AddRouteActions(gateway::Actions& actions, network::RouteService& routes, const Settings& settings);

}  // namespace brume::ec2
