// The actions on VPC endpoints.
#pragma once

#include "lib/ec2/network/vpc_endpoint_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Both must outlive the dispatcher.
void AddVpcEndpointActions(gateway::Actions& actions, network::VpcEndpointService& endpoints,
                           network::InterfaceService& interfaces, const Settings& settings);

}  // namespace brume::ec2
