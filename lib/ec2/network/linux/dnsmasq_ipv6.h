// What dnsmasq's configuration has of IPv6: router advertisements and DHCPv6. Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/ec2/network/model/network.h"

namespace brume::network {

// Nothing where no subnet has IPv6. Routers are said by advertisements, addresses by DHCPv6 alone: the prefixes of the
// subnets are neither on a guest's link nor for it to make an address of.
void AppendIpv6Lines(const std::vector<Subnet>& subnets, int lease_seconds, std::vector<std::string>& lines);

}  // namespace brume::network
