// A VPC's IPv6 in its namespace, beside its packet rules: settings, addresses, neighbours and routes. Every function
// runs on the VPC's thread, is idempotent and changes only what differs.
//
// As of IPv4 a guest's address is a route to its tap and a permanent neighbour entry. The guest has no other on its
// wire: it gets a /128 by DHCPv6 and sends everything to the router's link-local address, which is the same on every
// tap.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/ipv6_netlink.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/linux/routing_rules.h"
#include "lib/ec2/network/linux/rtnetlink.h"

namespace brume::network {

// What routes by the uplink and to a peer name in the neighbour table; no link has one of these. The host's two ends
// are one, and tell packets of an egress-only gateway apart in listings.
inline constexpr Ipv6 kHostGatewayIpv6{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
inline constexpr Ipv6 kEgressGatewayIpv6{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
inline constexpr Ipv6 kVpcGatewayIpv6{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}};
inline constexpr Ipv6 kPeeringGatewayIpv6{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4}};

// IPv6 on a link, with no address that it makes up itself.
absl::Status EnableIpv6(const std::string& link);
absl::Status DisableIpv6(const std::string& link);

// Forwarding, the router's addresses, and where packets go by the uplink; `host_mac` is that of its other end. A VPC
// without IPv6 gets what it had before it had any.
absl::Status EnsureIpv6Router(Rtnetlink& links, Ipv6Netlink& ipv6, const VpcSpec& spec, const std::string& host_mac);

// The tap of a guest that is up.
absl::Status EnsureIpv6Tap(Ipv6Netlink& ipv6, const Link& tap, const PortRules& port);
// A link to a peer that is up.
absl::Status EnsureIpv6Peering(Ipv6Netlink& ipv6, const Link& link);

// All routes that a namespace has for this spec, these ports and these links. Pure.
std::vector<Ipv6Route> Ipv6Routes(const VpcSpec& spec, const std::map<std::string, PortRules>& ports,
                                  const std::vector<Link>& links);
// Makes exactly these stand, and a rule for each table; none of either where there is no IPv6.
absl::Status EnsureIpv6Routes(Ipv6Netlink& ipv6, RoutingRules& rules, const VpcSpec& spec,
                              const std::vector<Ipv6Route>& wanted);

// What is not as the functions above made it, in words. `links`: all there are.
absl::StatusOr<std::vector<std::string>> InspectIpv6(Ipv6Netlink& ipv6, RoutingRules& rules, const VpcSpec& spec,
                                                     const std::map<std::string, PortRules>& ports,
                                                     const std::vector<Link>& links);

}  // namespace brume::network
