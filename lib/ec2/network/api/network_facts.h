// What policies may ask about VPCs, subnets, security groups and network interfaces.
// Source: the condition keys of "Actions, resources, and condition keys for Amazon EC2", Service Authorization
// Reference.
#pragma once

#include "lib/ec2/network/api/network_actions.h"
#include "lib/gateway/resource_facts.h"

namespace brume::ec2 {

void AddNetworkFacts(gateway::ResourceFacts& facts, const NetworkServices& services, const Account& account);

}  // namespace brume::ec2
