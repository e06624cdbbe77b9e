#include "lib/ec2/network/vpc_links.h"

#include <algorithm>
#include <map>
#include <optional>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"

namespace brume::network {
namespace {

using Routes = std::vector<RouteSpec>;

bool Undecided(const RouteSpec& route) { return route.nat != 0 && route.way == RouteSpec::Way::kNowhere; }

// What `onward`, a route of the gateway's subnet, makes of packets to `destination`.
RouteSpec Through(const NatSpec& nat, const RouteSpec* onward, const Cidr& destination) {
  RouteSpec route{.destination = destination};
  if (onward == nullptr) return route;
  const bool out = onward->way == RouteSpec::Way::kGateway && nat.public_ip.has_value();
  if (!out && onward->way != RouteSpec::Way::kPort) return route;
  route.way = onward->way;
  route.tap = onward->tap;
  route.address = onward->address;
  route.nat = nat.number;
  return route;
}

// In the place of a route by a gateway.
Routes Expand(const RouteSpec& route, const NatSpec& nat, const Routes& own, const Routes& onward) {
  const RouteSpec* covering = nullptr;
  Routes expanded;
  for (const RouteSpec& each : onward) {
    if (each.destination.Contains(route.destination)) {
      const bool longer = covering == nullptr || each.destination.prefix_length > covering->destination.prefix_length;
      if (longer) covering = &each;
      continue;
    }
    if (!route.destination.Contains(each.destination)) continue;
    const bool own_there = std::any_of(own.begin(), own.end(), [&](const RouteSpec& other) {
      return other.destination != route.destination && route.destination.Contains(other.destination) &&
             other.destination.Contains(each.destination);
    });
    if (!own_there) expanded.push_back(Through(nat, &each, each.destination));
  }
  expanded.push_back(Through(nat, covering, route.destination));
  return expanded;
}

}  // namespace

absl::StatusOr<std::vector<NatSpec>> ReadNatSpecs(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<NatGateway> gateways, NatGatewayTable(connection).ListOf(vpc));
  std::vector<NatSpec> nats;
  for (const NatGateway& gateway : gateways) {
    if (!gateway.lives()) continue;
    NatSpec& nat = nats.emplace_back();
    nat.id = gateway.id;
    nat.number = gateway.number;
    nat.subnet = gateway.subnet_id;
    nat.private_ip = gateway.private_ip;
    nat.public_ip = gateway.public_ip;
    ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(gateway.eni_id));
    for (const SecondaryAddress& each : eni.secondary) nat.secondary.push_back({each.private_ip, each.public_ip});
  }
  return nats;
}

absl::StatusOr<std::vector<PeeringSpec>> ReadPeeringSpecs(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> active, ActivePeerings(connection, vpc));
  std::vector<PeeringSpec> peerings;
  for (const VpcPeering& each : active) {
    PeeringSpec& peering = peerings.emplace_back();
    peering.id = each.id;
    peering.other = each.OtherThan(vpc).vpc_id;
    ASSIGN_OR_RETURN(const Vpc other, NetworkTable(connection).GetVpc(peering.other));
    ASSIGN_OR_RETURN(peering.ranges, RangesOf(connection, other));
  }
  return peerings;
}

absl::StatusOr<std::vector<GroupSpec>> ReadPeerGroups(store::Connection& connection, const VpcId& vpc,
                                                      const std::vector<PeeringSpec>& peerings) {
  SecurityGroupTable groups(connection);
  ASSIGN_OR_RETURN(const std::vector<SecurityGroup> named, groups.ListNamedOfOthers(vpc));
  std::vector<GroupSpec> specs;
  for (const SecurityGroup& group : named) {
    GroupSpec& spec = specs.emplace_back(GroupSpec{.group = group, .rules = {}, .members = {}});
    spec.group.vpc_id = vpc;
    const bool peer = std::any_of(peerings.begin(), peerings.end(),
                                  [&](const PeeringSpec& each) { return each.other == group.vpc_id; });
    if (!peer) continue;
    ASSIGN_OR_RETURN(spec.members, groups.MemberAddresses(group.id));
    ASSIGN_OR_RETURN(spec.ipv6_members, InterfaceIpv6Table(connection).MembersOf(group.id));
  }
  return specs;
}

void LeadThroughNats(std::vector<RouteTableSpec>& tables, const std::vector<NatSpec>& nats) {
  const std::vector<RouteTableSpec> before = tables;
  for (RouteTableSpec& table : tables) {
    Routes led;
    for (const RouteSpec& route : table.routes) {
      if (!Undecided(route)) {
        led.push_back(route);
        continue;
      }
      const auto nat =
          std::find_if(nats.begin(), nats.end(), [&](const auto& each) { return each.number == route.nat; });
      const RouteTableSpec* onward = nat == nats.end() ? nullptr : RouteTableOf(nat->subnet, before);
      if (onward == nullptr) {
        led.push_back({.destination = route.destination});
        continue;
      }
      const Routes expanded = Expand(route, *nat, table.routes, onward->routes);
      led.insert(led.end(), expanded.begin(), expanded.end());
    }
    table.routes = std::move(led);
  }
}

}  // namespace brume::network
