// The part of a VPC's packet rules (nft_ruleset.h) that is about its endpoints. Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/ec2/network/model/network.h"

namespace brume::network {

// An address of a VPC endpoint as the rules see it.
struct EndpointRules {
  Ipv4 private_ip;
  std::vector<SecurityGroupId> groups;  // each once
  SubnetId filtered_subnet = {};        // as of PortRules
};

// What a ruleset has for its endpoints, behind its groups and subnets; empty where there are none. Each address may
// have `max_connections` connections begun; `acls`: some subnet has a network ACL to be asked.
std::string EndpointText(const std::vector<EndpointRules>& endpoints, int max_connections, bool acls);

}  // namespace brume::network
