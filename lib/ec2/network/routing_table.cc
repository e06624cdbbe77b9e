#include "lib/ec2/network/routing_table.h"

#include <tuple>

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

const auto& Routes() {
  static const auto table =
      store::DescribeTable<VpcRoute>("routes", "route", store::Key("route_table_id", &VpcRoute::table_id),
                                     store::Key("cidr_base", &VpcRoute::destination, &Cidr::base),
                                     store::Key("prefix_length", &VpcRoute::destination, &Cidr::prefix_length),
                                     store::Column("gateway_id", &VpcRoute::target, &RouteTarget::gateway_id),
                                     store::Column("eni_id", &VpcRoute::target, &RouteTarget::eni_id));
  return table;
}

const auto& Gateways() {
  static const auto table = store::DescribeTable<InternetGateway>(
      "internet_gateways", "internet gateway", store::Key("id", &InternetGateway::id),
      store::Column("vpc_id", &InternetGateway::vpc_id), store::Unmapped("seq"));
  return table;
}

auto KeyOf(const RouteTableId& table, const Cidr& destination) {
  return std::tie(table, destination.base, destination.prefix_length);
}

}  // namespace

std::vector<store::TableDescription> RoutingTable::Describe() {
  return {RouteTables().Describe(), Associations().Describe(), Routes().Describe(), Gateways().Describe()};
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

absl::Status RoutingTable::InsertRoute(const VpcRoute& route) { return Routes().Insert(connection_, route); }

absl::StatusOr<std::optional<VpcRoute>> RoutingTable::FindRoute(const RouteTableId& table, const Cidr& destination) {
  return Routes().Find(connection_, KeyOf(table, destination));
}

absl::Status RoutingTable::SetTarget(const VpcRoute& route) { return Routes().Overwrite(connection_, route); }

absl::Status RoutingTable::DeleteRoute(const RouteTableId& table, const Cidr& destination) {
  return Routes().Delete(connection_, KeyOf(table, destination));
}

absl::StatusOr<std::vector<VpcRoute>> RoutingTable::ListRoutesOf(const RouteTableId& table) {
  return Routes().Select(connection_, "routes WHERE route_table_id = ? ORDER BY cidr_base, prefix_length", table);
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

absl::Status RoutingTable::DeleteGateway(const InternetGatewayId& id) { return Gateways().Delete(connection_, id); }

}  // namespace brume::network
