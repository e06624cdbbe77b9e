#include "lib/ec2/network/route_service.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/quota_weights.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

// EC2's quotas; of gateways, as many as there may be VPCs.
constexpr size_t kMaxTables = 200, kMaxGateways = 500;

absl::Status RouteNotFound(const RouteTableId& table, const RouteDestination& destination) {
  return ec2::Error("InvalidRoute.NotFound", absl::StrCat("no route with destination-",
                                                          !destination.prefix_list.empty()    ? "prefix-list-id "
                                                          : destination.cidr_ipv6.has_value() ? "ipv6-cidr-block "
                                                                                              : "cidr-block ",
                                                          destination.text(), " in route table ", table.text()));
}

// What only a replacement finds missing has other words and another code.
absl::Status NothingToReplace(const RouteDestination& destination) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("There is no route defined for '", destination.text(),
                                                          "' in the route table. Use CreateRoute instead."));
}

absl::Status CheckList(store::Connection& connection, const PrefixListId& id) {
  ASSIGN_OR_RETURN(const PrefixList list, GetPrefixList(connection, id));
  if (!list.ipv6) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The prefix list ", id.text(),
                                 " has IPv6 ranges: a route leads to an IPv6 range, and not to a list of them"));
}

absl::Status CheckIpv6Destination(store::Connection& connection, const RouteTable& table, const CidrIpv6& destination) {
  ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ranges, Ipv6RangesOf(connection, table.vpc_id));
  for (const CidrIpv6& range : ranges) {
    if (range == destination) {
      return ec2::Error("RouteAlreadyExists",
                        absl::StrCat("The route identified by ", destination.text(), " already exists."));
    }
    if (!range.Contains(destination)) continue;
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The destination ", destination.text(), " lies inside ", range.text(), " of ",
                                   table.vpc_id.text(), ": the local route leads there"));
  }
  for (const char* never : {"fe80::/10", "ff00::/8", "fd00:ec2::/32"}) {
    ASSIGN_OR_RETURN(const CidrIpv6 range, CidrIpv6::Parse(never));
    if (!range.Contains(destination)) continue;
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The destination ", destination.text(), " cannot be routed: it is in ", never));
  }
  return absl::OkStatus();
}

absl::Status CheckDestination(store::Connection& connection, const RouteTable& table, const RouteDestination& wanted) {
  if (!wanted.prefix_list.empty()) return CheckList(connection, wanted.prefix_list);
  if (wanted.cidr_ipv6.has_value()) return CheckIpv6Destination(connection, table, *wanted.cidr_ipv6);
  const Cidr& destination = wanted.cidr;
  ASSIGN_OR_RETURN(const Vpc vpc, NetworkTable(connection).GetVpc(table.vpc_id));
  ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, RangesOf(connection, vpc));
  for (const Cidr& range : ranges) {
    if (range == destination) {
      return ec2::Error("RouteAlreadyExists",
                        absl::StrCat("The route identified by ", destination.text(), " already exists."));
    }
    if (!range.Contains(destination)) continue;
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The destination ", destination.text(), " lies inside ", range.text(), " of ",
                                   vpc.id.text(), ": the local route leads there"));
  }
  if (kLinkLocal.Contains(destination)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The destination ", destination.text(), " is link-local and cannot be routed"));
  }
  return absl::OkStatus();
}

absl::StatusOr<NatGateway> FindNatGateway(store::Connection& connection, const NatGatewayId& id) {
  absl::StatusOr<NatGateway> nat = NatGatewayTable(connection).Get(id);
  if (absl::IsNotFound(nat.status()) || (nat.ok() && !nat->lives())) {
    return ec2::Error("InvalidNatGatewayID.NotFound",
                      absl::StrCat("The natGateway ID '", id.text(), "' does not exist"));
  }
  return nat;
}

absl::Status WrongFamily(const RouteDestination& destination, const std::string& target) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("The route to ", destination.text(), " cannot lead to ",
                                                          target, ", which carries the other family of addresses"));
}

// Whether it is one of the VPC's own ranges, to which its tables have a route from the start.
absl::StatusOr<bool> IsLocal(store::Connection& connection, const VpcId& id, const RouteDestination& destination) {
  ASSIGN_OR_RETURN(const Vpc vpc, NetworkTable(connection).GetVpc(id));
  ASSIGN_OR_RETURN(const std::vector<Cidr> ranges, RangesOf(connection, vpc));
  ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ipv6, Ipv6RangesOf(connection, id));
  return destination.cidr_ipv6.has_value()
             ? std::find(ipv6.begin(), ipv6.end(), *destination.cidr_ipv6) != ipv6.end()
             : destination.is_ipv4_range() && std::find(ranges.begin(), ranges.end(), destination.cidr) != ranges.end();
}

}  // namespace

RouteService::RouteService(store::Database& database, Random& random, const Clock& clock, AttachedInstances instances,
                           std::function<void(const VpcId&)> wake)
    : database_(database), random_(random), clock_(clock), instances_(std::move(instances)), wake_(std::move(wake)) {}

absl::Status RouteService::ChangeTable(
    const RouteTableId& id, const std::function<absl::Status(store::Connection&, const RouteTable&)>& change) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const RouteTable table, RoutingTable(c).GetTable(id));
    vpc = table.vpc_id;
    return change(c, table);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<RouteTableView> RouteService::CreateTable(const VpcId& vpc, const TagMap& tags,
                                                         const idempotency::CallToken& token) {
  ASSIGN_OR_RETURN(RouteTableView view, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<RouteTableView> {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const auto before, idempotency::FindMade<RouteTableId>(c, token));
    if (before.has_value()) {
      ASSIGN_OR_RETURN(const RouteTable table, routing.GetTable(*before));
      ASSIGN_OR_RETURN(RouteTableView made, RouteTableViewer(c, instances_).View(table));
      ASSIGN_OR_RETURN(made.tags, tagging::GetTags(c, before->text()));
      return made;
    }
    RETURN_IF_ERROR(NetworkTable(c).GetVpc(vpc).status());
    ASSIGN_OR_RETURN(const std::vector<RouteTable> present, routing.ListTables(vpc));
    if (present.size() >= kMaxTables)
      return QuotaReached("RouteTableLimitExceeded", "route tables of a VPC", kMaxTables);
    std::set<int> numbers;
    for (const RouteTable& table : present) numbers.insert(table.number);
    RouteTable table{.id = RouteTableId::New(random_), .vpc_id = vpc, .number = 1};
    while (numbers.contains(table.number)) ++table.number;
    RETURN_IF_ERROR(routing.InsertTable(table));
    RETURN_IF_ERROR(tagging::SetTags(c, table.id.text(), tags));
    RETURN_IF_ERROR(idempotency::KeepToken(c, token, table.id.text()));
    ASSIGN_OR_RETURN(RouteTableView made, RouteTableViewer(c, instances_).View(table));
    made.tags = tags;
    return made;
  }));
  wake_(vpc);
  return view;
}

absl::Status RouteService::DeleteTable(const RouteTableId& id) {
  return ChangeTable(id, [&](store::Connection& c, const RouteTable& table) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const std::vector<RouteTableAssociation> associations, routing.ListAssociations(table.vpc_id));
    for (const RouteTableAssociation& association : associations) {
      if (association.table_id != id) continue;
      return ec2::Error("DependencyViolation",
                        absl::StrCat("The routeTable '", id.text(), "' has dependencies and cannot be deleted. (",
                                     association.is_main() ? table.vpc_id.text() : association.subnet_id.text(), ")"));
    }
    return routing.DeleteTable(id);
  });
}

absl::StatusOr<std::vector<RouteTableView>> RouteService::ListTables(absl::Span<const RouteTableId> ids,
                                                                     const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<RouteTableView>> {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const std::vector<RouteTable> tables,
                     tagging::ChooseRows<RouteTableId>(
                         c, ids, tags, [&](const RouteTableId& id) { return routing.GetTable(id); },
                         [&] { return routing.ListTables(std::nullopt); }));
    RouteTableViewer viewer(c, instances_);
    ASSIGN_OR_RETURN(std::vector<TagMap> own_tags, tagging::TagsOfRows(c, tables));
    std::vector<RouteTableView> views;
    for (size_t i = 0; i < tables.size(); ++i) {
      ASSIGN_OR_RETURN(views.emplace_back(), viewer.View(tables[i]));
      views.back().tags = std::move(own_tags[i]);
    }
    return views;
  });
}

absl::StatusOr<RouteTableAssociation> RouteService::Associate(const RouteTableId& table, const SubnetId& subnet) {
  RouteTableAssociation made;
  RETURN_IF_ERROR(ChangeTable(table, [&](store::Connection& c, const RouteTable& row) -> absl::Status {
    ASSIGN_OR_RETURN(const Subnet of, NetworkTable(c).GetSubnet(subnet));
    if (of.vpc_id != row.vpc_id) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("Route table ", table.text(), " and subnet ",
                                                              subnet.text(), " belong to different networks"));
    }
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const std::vector<RouteTableAssociation> present, routing.ListAssociations(row.vpc_id));
    for (const RouteTableAssociation& association : present) {
      if (association.subnet_id != subnet) continue;
      if (association.table_id == table) {
        made = association;
        return absl::OkStatus();
      }
      return ec2::Error("Resource.AlreadyAssociated",
                        absl::StrCat("the specified association for route table ", table.text(),
                                     " conflicts with an existing association: ", association.id.text()));
    }
    made = {.id = RouteTableAssociationId::New(random_), .table_id = table, .vpc_id = row.vpc_id, .subnet_id = subnet};
    return routing.InsertAssociation(made);
  }));
  return made;
}

absl::Status RouteService::Disassociate(const RouteTableAssociationId& id) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const RouteTableAssociation association, routing.GetAssociation(id));
    if (association.is_main()) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("cannot disassociate the main route table association ",
                                                              id.text(), " of ", association.vpc_id.text(),
                                                              ": ReplaceRouteTableAssociation gives it another table"));
    }
    vpc = association.vpc_id;
    return routing.DeleteAssociation(id);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<RouteTableAssociation> RouteService::GetAssociation(const RouteTableAssociationId& id) {
  return database_.ReadFor([&](store::Connection& c) { return RoutingTable(c).GetAssociation(id); });
}

absl::StatusOr<RouteTableAssociation> RouteService::ReplaceAssociation(const RouteTableAssociationId& id,
                                                                       const RouteTableId& table) {
  RouteTableAssociation made;
  RETURN_IF_ERROR(ChangeTable(table, [&](store::Connection& c, const RouteTable& row) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const RouteTableAssociation before, routing.GetAssociation(id));
    if (before.vpc_id != row.vpc_id) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("Route table ", table.text(), " and association ",
                                                              id.text(), " belong to different networks"));
    }
    made = before;
    if (before.table_id == table) return absl::OkStatus();
    made.id = RouteTableAssociationId::New(random_);
    made.table_id = table;
    RETURN_IF_ERROR(routing.DeleteAssociation(id));
    return routing.InsertAssociation(made);
  }));
  return made;
}

absl::Status NoSuchGateway(absl::string_view id) {
  return ec2::Error("InvalidGatewayID.NotFound",
                    absl::StrCat("The gateway ID '", absl::CHexEscape(id.substr(0, 64)), "' does not exist"));
}

absl::StatusOr<RouteTarget> RouteService::Resolve(store::Connection& c, const RouteTable& table,
                                                  const RouteDestination& destination,
                                                  const RouteTargetRequest& wanted) {
  const auto elsewhere = [&](absl::string_view id) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("route table ", table.id.text(), " and ", id, " belong to different networks"));
  };
  RouteTarget target;
  const bool ipv6 = destination.cidr_ipv6.has_value();
  if (wanted.egress_only.has_value()) {
    ASSIGN_OR_RETURN(const EgressOnlyGateway gateway, RoutingTable(c).GetEgressOnlyGateway(*wanted.egress_only));
    if (gateway.vpc_id != table.vpc_id) return elsewhere(gateway.id.text());
    if (!ipv6) return WrongFamily(destination, gateway.id.text());
    target.gateway_id = gateway.id;
    return target;
  }
  if (wanted.gateway.has_value()) {
    const absl::StatusOr<InternetGateway> found = RoutingTable(c).GetGateway(*wanted.gateway);
    if (absl::IsNotFound(found.status())) return NoSuchGateway(wanted.gateway->text());
    ASSIGN_OR_RETURN(const InternetGateway gateway, found);
    if (gateway.vpc_id != table.vpc_id) return elsewhere(gateway.id.text());
    target.gateway_id = gateway.id;
    return target;
  }
  if (wanted.nat.has_value()) {
    ASSIGN_OR_RETURN(const NatGateway nat, FindNatGateway(c, *wanted.nat));
    if (nat.vpc_id != table.vpc_id) return elsewhere(nat.id.text());
    if (ipv6) return WrongFamily(destination, nat.id.text());
    target.gateway_id = nat.id;
    return target;
  }
  if (wanted.peering.has_value()) {
    ASSIGN_OR_RETURN(const VpcPeering peering, GetPeering(c, *wanted.peering, clock_.Now()));
    if (!peering.has(table.vpc_id)) return elsewhere(peering.id.text());
    if (!peering.lives()) {
      return ec2::Error("InvalidStateTransition", absl::StrCat("The peering connection ", peering.id.text(), " is ",
                                                               kPeeringStateNames.Of(peering.state),
                                                               ": a route can lead to one that is active or pending"));
    }
    target.gateway_id = peering.id;
    return target;
  }
  if (wanted.eni.has_value()) {
    ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(c).GetInterface(*wanted.eni));
    if (eni.vpc_id != table.vpc_id) return elsewhere(eni.id.text());
    target.eni_id = eni.id;
    return target;
  }
  ASSIGN_OR_RETURN(const NetworkInterface eni, OnlyInterfaceOf(c, wanted.instance.value_or(InstanceId())));
  if (eni.vpc_id != table.vpc_id) return elsewhere(eni.instance_id.text());
  target.eni_id = eni.id;
  return target;
}

absl::Status RouteService::CreateRoute(const RouteTableId& table, const RouteDestination& destination,
                                       const RouteTargetRequest& target) {
  return ChangeTable(table, [&](store::Connection& c, const RouteTable& row) -> absl::Status {
    RETURN_IF_ERROR(CheckDestination(c, row, destination));
    RoutingTable routing(c);
    VpcRoute made{.table_id = table, .destination = destination, .target = {}};
    ASSIGN_OR_RETURN(made.target, Resolve(c, row, destination, target));
    ASSIGN_OR_RETURN(const std::optional<VpcRoute> present, routing.FindRoute(table, destination));
    if (present.has_value()) {
      // Made twice the same way is made once.
      if (present->target == made.target) return absl::OkStatus();
      return ec2::Error("RouteAlreadyExists",
                        absl::StrCat("The route identified by ", destination.text(), " already exists."));
    }
    ASSIGN_OR_RETURN(std::vector<VpcRoute> own, routing.ListRoutesOf(table));
    own.push_back(made);
    Weights weights(c);
    RETURN_IF_ERROR(CheckRouteQuota(own, weights));
    return routing.InsertRoute(made);
  });
}

absl::Status RouteService::ReplaceRoute(const RouteTableId& table, const RouteDestination& destination,
                                        const RouteTargetRequest& target) {
  return ChangeTable(table, [&](store::Connection& c, const RouteTable& row) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(std::optional<VpcRoute> route, routing.FindRoute(table, destination));
    if (!route.has_value()) return NothingToReplace(destination);
    ASSIGN_OR_RETURN(route->target, Resolve(c, row, destination, target));
    return routing.SetTarget(*route);
  });
}

absl::Status RouteService::RestoreLocal(const RouteTableId& table, const RouteDestination& destination) {
  return database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const RouteTable row, RoutingTable(c).GetTable(table));
    ASSIGN_OR_RETURN(const bool local, IsLocal(c, row.vpc_id, destination));
    if (local) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::optional<VpcRoute> route, RoutingTable(c).FindRoute(table, destination));
    if (!route.has_value()) return NothingToReplace(destination);
    return ec2::Error("InvalidParameterValue", absl::StrCat("The route to ", destination.text(),
                                                            " is not one of the VPC's own, which alone are local"));
  });
}

absl::Status RouteService::DeleteRoute(const RouteTableId& table, const RouteDestination& destination) {
  return ChangeTable(table, [&](store::Connection& c, const RouteTable& row) -> absl::Status {
    ASSIGN_OR_RETURN(const bool local, IsLocal(c, row.vpc_id, destination));
    if (local) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("cannot remove local route ", destination.text(),
                                                              " in route table ", table.text()));
    }
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const std::optional<VpcRoute> route, routing.FindRoute(table, destination));
    return route.has_value() ? routing.DeleteRoute(table, destination) : RouteNotFound(table, destination);
  });
}

absl::StatusOr<InternetGatewayView> RouteService::CreateGateway(const TagMap& tags) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<InternetGatewayView> {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const std::vector<InternetGateway> all, routing.ListGateways());
    if (all.size() >= kMaxGateways)
      return QuotaReached("InternetGatewayLimitExceeded", "internet gateways", kMaxGateways);
    const InternetGateway gateway{.id = InternetGatewayId::New(random_), .vpc_id = {}};
    RETURN_IF_ERROR(routing.InsertGateway(gateway));
    RETURN_IF_ERROR(tagging::SetTags(c, gateway.id.text(), tags));
    return InternetGatewayView{gateway, tags};
  });
}

absl::Status RouteService::DeleteGateway(const InternetGatewayId& id) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(const InternetGateway gateway, routing.GetGateway(id));
    if (gateway.vpc_id.empty()) return routing.DeleteGateway(id);
    return ec2::Error("DependencyViolation",
                      absl::StrCat("The internetGateway '", id.text(), "' has dependencies and cannot be deleted. (",
                                   gateway.vpc_id.text(), ")"));
  });
}

absl::Status RouteService::AttachGateway(const InternetGatewayId& id, const VpcId& vpc) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(InternetGateway gateway, routing.GetGateway(id));
    RETURN_IF_ERROR(NetworkTable(c).GetVpc(vpc).status());
    if (!gateway.vpc_id.empty()) {
      return ec2::Error(
          "Resource.AlreadyAssociated",
          absl::StrCat("resource ", id.text(), " is already attached to network ", gateway.vpc_id.text()));
    }
    ASSIGN_OR_RETURN(const std::optional<InternetGateway> other, routing.GatewayOf(vpc));
    if (other.has_value()) {
      return ec2::Error(
          "InvalidParameterValue",
          absl::StrCat("Network ", vpc.text(), " already has an internet gateway attached: ", other->id.text()));
    }
    gateway.vpc_id = vpc;
    return routing.SetGatewayVpc(gateway);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::Status RouteService::DetachGateway(const InternetGatewayId& id, const VpcId& vpc) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    RoutingTable routing(c);
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(InternetGateway gateway, routing.GetGateway(id));
    RETURN_IF_ERROR(networks.GetVpc(vpc).status());
    if (gateway.vpc_id != vpc) {
      return ec2::Error("Gateway.NotAttached",
                        absl::StrCat("resource ", id.text(), " is not attached to network ", vpc.text()));
    }
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, networks.ListInterfaces(vpc));
    for (const NetworkInterface& eni : interfaces) {
      const std::vector<Ipv4> mapped = PublicAddresses(eni);
      if (mapped.empty()) continue;
      return ec2::Error("DependencyViolation", absl::StrCat("Network ", vpc.text(),
                                                            " has some mapped public address(es). Please unmap those "
                                                            "public address(es) before detaching the gateway. (",
                                                            eni.id.text(), " has ", mapped.front().text(), ")"));
    }
    gateway.vpc_id = {};
    return routing.SetGatewayVpc(gateway);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<InternetGatewayView>> RouteService::ListGateways(
    absl::Span<const InternetGatewayId> ids, const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<InternetGatewayView>> {
    RoutingTable routing(c);
    ASSIGN_OR_RETURN(std::vector<InternetGateway> gateways,
                     tagging::ChooseRows<InternetGatewayId>(
                         c, ids, tags, [&](const InternetGatewayId& id) { return routing.GetGateway(id); },
                         [&] { return routing.ListGateways(); }));
    return tagging::WithTags(c, std::move(gateways), &InternetGatewayView::gateway);
  });
}

}  // namespace brume::network
