// The router's own interfaces and settings in a VPC's namespace. Every function runs on the VPC's thread, is
// idempotent and changes only what differs.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/host_network.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/model/network.h"

namespace brume::network {

// Forwarding, no IPv6, no redirects; the router link with every gateway, resolver and metadata address and no other;
// addresses of the VPC that no guest has are unreachable.
absl::Status EnsureRouter(Rtnetlink& links, const VpcSpec& spec);

// What is not as EnsureRouter made it, in words. `links`: all there are.
absl::StatusOr<std::vector<std::string>> InspectRouter(Rtnetlink& rtnetlink, const std::vector<Link>& links,
                                                       const VpcSpec& spec);

// The namespace's end of the pair to the host, and the way out through it.
absl::Status EnsureUplink(Rtnetlink& links, int uplink, const UplinkAddresses& addresses);

// The tap of a guest, in the namespace and with its rules in place: neighbour entries and routes of its addresses,
// proxy ARP, up. `standing`: the addresses whose right routes the caller saw, so that none is set. A tap that is up is
// left up.
absl::Status EnsureTap(Rtnetlink& links, const Link& tap, const PortRules& port, const std::set<Ipv4>& standing);
// The routes of the router and its uplink, and the link that has each.
std::vector<Route> RouterRoutes(const VpcSpec& spec, int uplink, const UplinkAddresses& addresses);
Route TapRoute(const Link& tap, Ipv4 address);

}  // namespace brume::network
