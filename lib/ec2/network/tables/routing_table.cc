#include "lib/ec2/network/tables/routing_table.h"

#include <string>
#include <tuple>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& RouteTables() {
  static const auto table = store::DescribeTable<RouteTable>(
      "route_tables", "route table", store::Key("id", &RouteTable::id), store::Fixed("vpc_id", &RouteTable::vpc_id),
      store::Fixed("number", &RouteTable::number), store::Unmapped("seq"));
  return table;
}

const auto& Associations() {
  using Association = RouteTableAssociation;
  static const auto table = store::DescribeTable<Association>(
      "route_table_associations", "route table association", store::Key("id", &Association::id),
      store::Fixed("route_table_id", &Association::table_id), store::Fixed("vpc_id", &Association::vpc_id),
      store::Fixed("subnet_id", &Association::subnet_id), store::Unmapped("seq"));
  return table;
}

// A part of a key is never NULL, so the prefix list is a text here, '' where there is none.
struct RouteRow {
  RouteTableId table_id;
  Cidr cidr;
  std::string prefix_list;
  RouteTarget target;
};
const auto& Routes() {
  using R = RouteRow;
  static const auto table = store::DescribeTable<R>(
      "routes", "route", store::Key("route_table_id", &R::table_id), store::Key("cidr_base", &R::cidr, &Cidr::base),
      store::Key("prefix_length", &R::cidr, &Cidr::prefix_length), store::Key("prefix_list_id", &R::prefix_list),
      store::Column("gateway_id", &R::target, &RouteTarget::gateway_id),
      store::Column("eni_id", &R::target, &RouteTarget::eni_id));
  return table;
}

RouteRow ToRow(const VpcRoute& route) {
  return {route.table_id, route.destination.cidr, route.destination.prefix_list.text(), route.target};
}

VpcRoute FromRow(RouteRow row) {
  RouteDestination destination = row.cidr;
  destination.prefix_list = PrefixListId::FromTrusted(std::move(row.prefix_list));
  return {std::move(row.table_id), std::move(destination), std::move(row.target)};
}

// One to an IPv6 range.
struct Ipv6RouteRow {
  RouteTableId table_id;
  std::string cidr;
  RouteTarget target;
};
const auto& Ipv6Routes() {
  using R = Ipv6RouteRow;
  static const auto table = store::DescribeTable<R>("ipv6_routes", "route", store::Key("route_table_id", &R::table_id),
                                                    store::Key("cidr", &R::cidr),
                                                    store::Column("gateway_id", &R::target, &RouteTarget::gateway_id),
                                                    store::Column("eni_id", &R::target, &RouteTarget::eni_id));
  return table;
}

Ipv6RouteRow ToIpv6Row(const VpcRoute& route) { return {route.table_id, route.destination.text(), route.target}; }

absl::StatusOr<VpcRoute> FromIpv6Row(Ipv6RouteRow row) {
  const absl::StatusOr<CidrIpv6> range = CidrIpv6::Parse(row.cidr);
  if (!range.ok()) return absl::DataLossError("ipv6_routes.cidr is no IPv6 range");
  return VpcRoute{std::move(row.table_id), RouteDestination(*range), std::move(row.target)};
}

const auto& EgressOnlyGateways() {
  static const auto table = store::DescribeTable<EgressOnlyGateway>(
      "egress_only_gateways", "egress-only internet gateway", store::Key("id", &EgressOnlyGateway::id),
      store::Fixed("vpc_id", &EgressOnlyGateway::vpc_id), store::Unmapped("seq"));
  return table;
}

const auto& Gateways() {
  static const auto table = store::DescribeTable<InternetGateway>(
      "internet_gateways", "internet gateway", store::Key("id", &InternetGateway::id),
      store::Column("vpc_id", &InternetGateway::vpc_id), store::Unmapped("seq"));
  return table;
}

auto KeyOf(const RouteTableId& table, const RouteDestination& destination) {
  return std::tie(table, destination.cidr.base, destination.cidr.prefix_length, destination.prefix_list.text());
}

}  // namespace

std::vector<store::TableDescription> RoutingTable::Describe() {
  return {RouteTables().Describe(), Associations().Describe(), Routes().Describe(),
          Gateways().Describe(),    Ipv6Routes().Describe(),   EgressOnlyGateways().Describe()};
}

absl::Status RoutingTable::InsertTable(const RouteTable& table) { return RouteTables().Insert(connection_, table); }

absl::StatusOr<RouteTable> RoutingTable::GetTable(const RouteTableId& id) { return RouteTables().Get(connection_, id); }

absl::StatusOr<std::vector<RouteTable>> RoutingTable::ListTables(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return RouteTables().Select(connection_, "route_tables ORDER BY seq");
  return RouteTables().Select(connection_, "route_tables WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::Status RoutingTable::DeleteTable(const RouteTableId& id) { return RouteTables().Delete(connection_, id); }

absl::Status RoutingTable::InsertAssociation(const RouteTableAssociation& association) {
  return Associations().Insert(connection_, association);
}

absl::StatusOr<RouteTableAssociation> RoutingTable::GetAssociation(const RouteTableAssociationId& id) {
  return Associations().Get(connection_, id);
}

absl::StatusOr<std::vector<RouteTableAssociation>> RoutingTable::ListAssociations(const std::optional<VpcId>& vpc) {
  // The main one first, as EC2 shows it.
  if (!vpc.has_value()) {
    return Associations().Select(connection_, "route_table_associations ORDER BY subnet_id IS NOT NULL, seq");
  }
  return Associations().Select(connection_,
                               "route_table_associations WHERE vpc_id = ? ORDER BY subnet_id IS NOT NULL, seq", *vpc);
}

absl::StatusOr<std::vector<RouteTableAssociation>> RoutingTable::ListAssociationsOf(const RouteTableId& table) {
  return Associations().Select(
      connection_, "route_table_associations WHERE route_table_id = ? ORDER BY subnet_id IS NOT NULL, seq", table);
}

absl::Status RoutingTable::DeleteAssociation(const RouteTableAssociationId& id) {
  return Associations().Delete(connection_, id);
}

absl::Status RoutingTable::InsertRoute(const VpcRoute& route) {
  if (route.destination.cidr_ipv6.has_value()) return Ipv6Routes().Insert(connection_, ToIpv6Row(route));
  return Routes().Insert(connection_, ToRow(route));
}

absl::StatusOr<std::optional<VpcRoute>> RoutingTable::FindRoute(const RouteTableId& table,
                                                                const RouteDestination& destination) {
  if (destination.cidr_ipv6.has_value()) {
    const std::string cidr = destination.text();
    ASSIGN_OR_RETURN(std::optional<Ipv6RouteRow> found, Ipv6Routes().Find(connection_, std::tie(table, cidr)));
    if (!found.has_value()) return std::nullopt;
    ASSIGN_OR_RETURN(VpcRoute route, FromIpv6Row(*std::move(found)));
    return route;
  }
  ASSIGN_OR_RETURN(std::optional<RouteRow> row, Routes().Find(connection_, KeyOf(table, destination)));
  return row.has_value() ? std::optional<VpcRoute>(FromRow(*std::move(row))) : std::nullopt;
}

absl::Status RoutingTable::SetTarget(const VpcRoute& route) {
  if (route.destination.cidr_ipv6.has_value()) return Ipv6Routes().Overwrite(connection_, ToIpv6Row(route));
  return Routes().Overwrite(connection_, ToRow(route));
}

absl::Status RoutingTable::DeleteRoute(const RouteTableId& table, const RouteDestination& destination) {
  const std::string text = destination.text();
  if (destination.cidr_ipv6.has_value()) return Ipv6Routes().Delete(connection_, std::tie(table, text));
  return Routes().Delete(connection_, KeyOf(table, destination));
}

absl::StatusOr<std::vector<VpcRoute>> RoutingTable::ListRoutesOf(const RouteTableId& table) {
  ASSIGN_OR_RETURN(std::vector<RouteRow> rows,
                   Routes().Select(connection_,
                                   "routes WHERE route_table_id = ? "
                                   "ORDER BY prefix_list_id <> '', cidr_base, prefix_length, prefix_list_id",
                                   table));
  std::vector<VpcRoute> routes;
  routes.reserve(rows.size());
  for (RouteRow& row : rows) routes.push_back(FromRow(std::move(row)));
  ASSIGN_OR_RETURN(std::vector<Ipv6RouteRow> ipv6,
                   Ipv6Routes().Select(connection_, "ipv6_routes WHERE route_table_id = ? ORDER BY cidr", table));
  for (Ipv6RouteRow& row : ipv6) {
    ASSIGN_OR_RETURN(routes.emplace_back(), FromIpv6Row(std::move(row)));
  }
  return routes;
}

absl::Status RoutingTable::InsertGateway(const InternetGateway& gateway) {
  return Gateways().Insert(connection_, gateway);
}

absl::StatusOr<InternetGateway> RoutingTable::GetGateway(const InternetGatewayId& id) {
  return Gateways().Get(connection_, id);
}

absl::StatusOr<std::vector<InternetGateway>> RoutingTable::ListGateways() {
  return Gateways().Select(connection_, "internet_gateways ORDER BY seq");
}

absl::StatusOr<std::optional<InternetGateway>> RoutingTable::GatewayOf(const VpcId& vpc) {
  return Gateways().First(connection_, "internet_gateways WHERE vpc_id = ?", vpc);
}

absl::Status RoutingTable::SetGatewayVpc(const InternetGateway& gateway) {
  return Gateways().Overwrite(connection_, gateway);
}

absl::Status RoutingTable::InsertEgressOnlyGateway(const EgressOnlyGateway& gateway) {
  return EgressOnlyGateways().Insert(connection_, gateway);
}

absl::StatusOr<EgressOnlyGateway> RoutingTable::GetEgressOnlyGateway(const EgressOnlyInternetGatewayId& id) {
  return EgressOnlyGateways().Get(connection_, id);
}

absl::StatusOr<std::vector<EgressOnlyGateway>> RoutingTable::ListEgressOnlyGateways(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return EgressOnlyGateways().Select(connection_, "egress_only_gateways ORDER BY seq");
  return EgressOnlyGateways().Select(connection_, "egress_only_gateways WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::Status RoutingTable::DeleteEgressOnlyGateway(const EgressOnlyInternetGatewayId& id) {
  return EgressOnlyGateways().Delete(connection_, id);
}

absl::Status RoutingTable::DeleteGateway(const InternetGatewayId& id) { return Gateways().Delete(connection_, id); }

}  // namespace brume::network
