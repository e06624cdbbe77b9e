#include "lib/ec2/network/route_views.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"

namespace brume::network {
namespace {

RouteView LocalRoute(RouteDestination range) {
  RouteView view;
  view.destination = std::move(range);
  view.local = true;
  return view;
}

}  // namespace

// A VPC's own ranges, and what its routes lead to: that is read once, and only where a route asks.
class RouteTableViewer::OfVpc {
 public:
  OfVpc(store::Connection& connection, VpcId vpc, std::vector<RouteDestination> ranges,
        const AttachedInstances& instances)
      : connection_(connection), vpc_(std::move(vpc)), ranges_(std::move(ranges)), instances_(instances) {}

  const std::vector<RouteDestination>& ranges() const { return ranges_; }

  absl::StatusOr<RouteView> View(const VpcRoute& route) {
    RouteView view;
    view.destination = route.destination;
    view.target = route.target;
    if (!route.target.gateway_id.empty()) {
      ASSIGN_OR_RETURN(view.active, LeadsOn(route.target.gateway_id));
      return view;
    }
    ASSIGN_OR_RETURN(view.instance_id, InstanceOf(route.target.eni_id));
    view.active = !view.instance_id.empty();
    return view;
  }

 private:
  absl::StatusOr<bool> LeadsOn(const RouteGatewayId& gateway) {
    if (!gateways_.has_value()) {
      std::vector<RouteGatewayId> gateways;
      ASSIGN_OR_RETURN(const auto found, RoutingTable(connection_).GatewayOf(vpc_));
      if (found.has_value()) gateways.emplace_back(found->id);
      ASSIGN_OR_RETURN(const std::vector<EgressOnlyGateway> egress_only,
                       RoutingTable(connection_).ListEgressOnlyGateways(vpc_));
      for (const EgressOnlyGateway& each : egress_only) gateways.emplace_back(each.id);
      ASSIGN_OR_RETURN(const std::vector<NatGateway> nats, NatGatewayTable(connection_).ListOf(vpc_));
      for (const NatGateway& nat : nats) {
        if (nat.lives()) gateways.emplace_back(nat.id);
      }
      ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(connection_, vpc_));
      for (const VpcPeering& peering : peerings) gateways.emplace_back(peering.id);
      gateways_ = std::move(gateways);
    }
    return std::find(gateways_->begin(), gateways_->end(), gateway) != gateways_->end();
  }
  // The instance of the interface; none while that has no guest.
  absl::StatusOr<InstanceId> InstanceOf(const EniId& eni) {
    if (!interfaces_.has_value()) {
      ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, instances_.list_live(connection_));
      const absl::flat_hash_set<InstanceId> live(ids.begin(), ids.end());
      ASSIGN_OR_RETURN(const std::vector<NetworkInterface> all, NetworkTable(connection_).ListInterfaces(vpc_));
      interfaces_.emplace();
      for (const NetworkInterface& each : all) {
        if (live.contains(each.instance_id)) interfaces_->emplace(each.id, each.instance_id);
      }
    }
    const auto found = interfaces_->find(eni);
    return found == interfaces_->end() ? InstanceId() : found->second;
  }

  store::Connection& connection_;
  const VpcId vpc_;
  const std::vector<RouteDestination> ranges_;
  const AttachedInstances& instances_;
  std::optional<std::vector<RouteGatewayId>> gateways_;
  std::optional<std::map<EniId, InstanceId>> interfaces_;
};

RouteTableViewer::RouteTableViewer(store::Connection& connection, const AttachedInstances& instances)
    : connection_(connection), instances_(instances) {}

RouteTableViewer::~RouteTableViewer() = default;

absl::StatusOr<RouteTableView> RouteTableViewer::View(const RouteTable& table) {
  std::unique_ptr<OfVpc>& vpc = vpcs_[table.vpc_id];
  if (vpc == nullptr) {
    ASSIGN_OR_RETURN(const Vpc row, NetworkTable(connection_).GetVpc(table.vpc_id));
    ASSIGN_OR_RETURN(const std::vector<Cidr> ipv4, RangesOf(connection_, row));
    std::vector<RouteDestination> ranges(ipv4.begin(), ipv4.end());
    ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ipv6, Ipv6RangesOf(connection_, row.id));
    for (const CidrIpv6& range : ipv6) ranges.emplace_back(range);
    vpc = std::make_unique<OfVpc>(connection_, row.id, std::move(ranges), instances_);
  }
  RoutingTable routing(connection_);
  RouteTableView view;
  view.table = table;
  ASSIGN_OR_RETURN(view.associations, routing.ListAssociationsOf(table.id));
  for (const RouteDestination& range : vpc->ranges()) view.routes.push_back(LocalRoute(range));
  ASSIGN_OR_RETURN(const std::vector<VpcRoute> routes, routing.ListRoutesOf(table.id));
  for (const VpcRoute& route : routes) {
    ASSIGN_OR_RETURN(view.routes.emplace_back(), vpc->View(route));
  }
  return view;
}

absl::StatusOr<std::vector<PlainRoute>> ExpandRoutes(store::Connection& connection, const RouteTableView& table) {
  std::vector<Cidr> ours = {kLinkLocal};
  std::map<Cidr, RouteView> routes;
  for (const RouteView& route : table.routes) {
    if (route.destination.cidr_ipv6.has_value()) continue;
    if (route.local) {
      ours.push_back(route.destination.cidr);
    } else if (route.destination.prefix_list.empty()) {
      routes.emplace(route.destination.cidr, route);
    }
  }
  // Behind all of the former, in the order of the lists' ids: of two for one range the first stays.
  for (const RouteView& route : table.routes) {
    if (route.destination.prefix_list.empty()) continue;
    ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, Ipv4RangesOf(connection, route.destination.prefix_list));
    for (const Cidr& range : ranges) {
      const bool inside = std::any_of(ours.begin(), ours.end(), [&](const Cidr& each) { return each.Contains(range); });
      if (!inside) routes.emplace(range, route);
    }
  }
  std::vector<PlainRoute> plain;
  plain.reserve(routes.size());
  for (auto& [destination, view] : routes) plain.push_back({destination, std::move(view)});
  return plain;
}

absl::StatusOr<std::vector<RouteTableView>> ReadRouteTables(store::Connection& connection, const Vpc& vpc,
                                                            const AttachedInstances& instances) {
  ASSIGN_OR_RETURN(const std::vector<RouteTable> tables, RoutingTable(connection).ListTables(vpc.id));
  RouteTableViewer viewer(connection, instances);
  std::vector<RouteTableView> views;
  views.reserve(tables.size());
  for (const RouteTable& table : tables) {
    ASSIGN_OR_RETURN(views.emplace_back(), viewer.View(table));
  }
  return views;
}

}  // namespace brume::network
