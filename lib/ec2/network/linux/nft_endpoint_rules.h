// The part of a VPC's packet rules (nft_ruleset.h) that is about its endpoints. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/ec2/network/model/network.h"

namespace brume::network {

struct Ipv6Rules;

// The addresses of a VPC endpoint in a subnet as the rules see them.
struct EndpointRules {
  std::optional<Ipv4> private_ip = {};
  std::optional<Ipv6> ipv6 = {};
  std::vector<SecurityGroupId> groups;  // each once
  SubnetId subnet = {};
  SubnetId filtered_subnet = {};  // as of PortRules
  friend bool operator==(const EndpointRules&, const EndpointRules&) = default;
};

// What a ruleset has for its endpoints, behind its groups and subnets; empty where there are none. Each address may
// have `max_connections` connections begun; `acls`: some subnet has a network ACL to be asked.
std::string EndpointText(const std::vector<EndpointRules>& endpoints, int max_connections, bool acls);
// The same for table `ip6 brume`, of the IPv6 addresses.
std::string Ipv6EndpointText(const std::vector<EndpointRules>& endpoints, const Ipv6Rules& rules);

}  // namespace brume::network
