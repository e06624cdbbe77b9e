// Actions of VPC peering connections.
#pragma once

#include "lib/ec2/network/peering_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddPeeringActions(gateway::Actions& actions, network::PeeringService& peerings, const Settings& settings);

}  // namespace brume::ec2
