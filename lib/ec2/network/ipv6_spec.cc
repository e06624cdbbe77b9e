#include "lib/ec2/network/ipv6_spec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/route_views.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"

namespace brume::network {
namespace {

absl::StatusOr<Ipv6RouteSpec> RouteOf(store::Connection& connection, const RouteView& route) {
  Ipv6RouteSpec spec{.destination = *route.destination.cidr_ipv6};
  if (!route.active) return spec;
  const RouteGatewayId& gateway = route.target.gateway_id;
  if (gateway.is<InternetGatewayId>()) spec.way = Ipv6RouteSpec::Way::kGateway;
  if (gateway.is<EgressOnlyInternetGatewayId>()) spec.way = Ipv6RouteSpec::Way::kEgress;
  if (gateway.is<VpcPeeringConnectionId>()) {
    spec.way = Ipv6RouteSpec::Way::kPeer;
    spec.peering = gateway.as<VpcPeeringConnectionId>();
  }
  if (!gateway.empty()) return spec;
  ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(route.target.eni_id));
  // One without IPv6 hears nothing of it.
  if (eni.ipv6.empty()) return spec;
  spec.way = Ipv6RouteSpec::Way::kPort;
  spec.tap = TapName(eni.id);
  spec.address = LinkLocalFor(eni.mac);
  return spec;
}

}  // namespace

absl::StatusOr<Ipv6Spec> ReadIpv6Spec(store::Connection& connection, const Vpc& vpc, const Settings& settings,
                                      const std::vector<PeeringSpec>& peerings, const AttachedInstances& instances) {
  Ipv6Spec spec;
  ASSIGN_OR_RETURN(spec.ranges, Ipv6RangesOf(connection, vpc.id));
  if (!spec.on()) return spec;
  ASSIGN_OR_RETURN(const std::optional<CidrIpv6> pool, FindIpv6Pool(connection, settings));
  if (!pool.has_value()) return absl::DataLossError("VPCs have IPv6 ranges, and none is kept that they are of");
  spec.pool = *pool;
  RoutingTable routing(connection);
  ASSIGN_OR_RETURN(const std::optional<InternetGateway> gateway, routing.GatewayOf(vpc.id));
  ASSIGN_OR_RETURN(const std::vector<EgressOnlyGateway> egress_only, routing.ListEgressOnlyGateways(vpc.id));
  spec.has_way_out = gateway.has_value() || !egress_only.empty();
  ASSIGN_OR_RETURN(const std::vector<RouteTableView> tables, ReadRouteTables(connection, vpc, instances));
  for (const RouteTableView& table : tables) {
    std::vector<Ipv6RouteSpec>& routes = spec.routes[table.table.number];
    for (const RouteView& route : table.routes) {
      if (route.local || !route.destination.cidr_ipv6.has_value()) continue;
      ASSIGN_OR_RETURN(routes.emplace_back(), RouteOf(connection, route));
    }
  }
  for (const PeeringSpec& peering : peerings) {
    ASSIGN_OR_RETURN(std::vector<CidrIpv6> ranges, Ipv6RangesOf(connection, peering.other));
    if (!ranges.empty()) spec.peers[peering.id] = std::move(ranges);
  }
  return spec;
}

absl::Status ReadIpv6Group(store::Connection& connection, const std::vector<SecurityGroupRule>& rules,
                           GroupSpec& spec) {
  for (const SecurityGroupRule& rule : rules) {
    if (!AppliesToIpv6(rule)) continue;
    spec.ipv6_rules.push_back(rule);
    if (rule.prefix_list.empty()) continue;
    const auto known = std::find_if(spec.prefix_lists.begin(), spec.prefix_lists.end(),
                                    [&](const PrefixListSpec& list) { return list.id == rule.prefix_list; });
    PrefixListSpec& list = known == spec.prefix_lists.end() ? spec.prefix_lists.emplace_back() : *known;
    list.id = rule.prefix_list;
    ASSIGN_OR_RETURN(list.ipv6_ranges, ListIpv6RangesOf(connection, rule.prefix_list));
  }
  ASSIGN_OR_RETURN(spec.ipv6_members, InterfaceIpv6Table(connection).MembersOf(spec.group.id));
  return absl::OkStatus();
}

}  // namespace brume::network
