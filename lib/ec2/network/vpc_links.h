// What a VPC's spec says of NAT gateways and of peers. Inside transactions of the network's services.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/model/peering.h"
#include "lib/store/connection.h"

namespace brume::network {

// Those that lead packets on.
absl::StatusOr<std::vector<NatSpec>> ReadNatSpecs(store::Connection& connection, const VpcId& vpc);

// The active ones.
absl::StatusOr<std::vector<PeeringSpec>> ReadPeeringSpecs(store::Connection& connection, const VpcId& vpc);

// The peers' groups that rules of the VPC name, as the VPC's own without rules. A group of a VPC that is no peer, or no
// more, has no members.
absl::StatusOr<std::vector<GroupSpec>> ReadPeerGroups(store::Connection& connection, const VpcId& vpc,
                                                      const std::vector<PeeringSpec>& peerings);

// Turns each route whose `nat` is set and that has no way yet into what the gateway's own subnet's routes say of its
// destination: the route that covers it, and the longer ones inside it, unless the table has a route of its own there.
// A route by a gateway that is not in `nats`, or back through a NAT gateway, leads nowhere, as one over a peering
// connection does. Pure.
void LeadThroughNats(std::vector<RouteTableSpec>& tables, const std::vector<NatSpec>& nats);

}  // namespace brume::network
