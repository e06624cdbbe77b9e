#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/route.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/tagging/api/tag_messages.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.Routes";

constexpr IdKind kRouteTableKind{"rtb", "routeTable", "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"};
constexpr IdKind kInternetGatewayKind{"igw", "internetGateway", "InvalidInternetGatewayId.Malformed",
                                      "InvalidInternetGatewayID.NotFound"};
using RouteTableId = Id<kRouteTableKind>;
using InternetGatewayId = Id<kInternetGatewayKind>;

// A VPC has one table and one gateway for its life, so their ids are the VPC's in other clothes.
std::string TableOf(const Vpc& vpc) { return gateway::IdLike("rtb", vpc.id.text()); }
std::string GatewayOf(const Vpc& vpc) { return gateway::IdLike("igw", vpc.id.text()); }

v1::RouteTable RenderTable(const Vpc& vpc, const api::Services& services) {
  v1::RouteTable table;
  table.set_route_table_id(TableOf(vpc));
  table.set_vpc_id(vpc.id.text());
  table.set_owner_id(services.settings.account_id);
  v1::RouteTableAssociation& association = *table.add_associations();
  association.set_main(true);
  association.set_route_table_association_id(gateway::IdLike("rtbassoc", vpc.id.text()));
  association.set_route_table_id(table.route_table_id());
  association.mutable_association_state()->set_state("associated");
  v1::Route& local = *table.add_routes();
  local.set_destination_cidr_block(vpc.cidr.text());
  local.set_gateway_id("local");
  local.set_origin("CreateRouteTable");
  local.set_state("active");
  if (!services.has_uplink) return table;
  v1::Route& out = *table.add_routes();
  out.set_destination_cidr_block("0.0.0.0/0");
  out.set_gateway_id(GatewayOf(vpc));
  out.set_origin("CreateRoute");
  out.set_state("active");
  return table;
}

const gateway::FilterTable<v1::RouteTable>& TableFilters() {
  using T = v1::RouteTable;
  using A = v1::RouteTableAssociation;
  const auto association = [](auto get) { return gateway::Each<T>([](const T& t) { return t.associations(); }, get); };
  const auto route = [](auto get) { return gateway::Each<T>([](const T& t) { return t.routes(); }, get); };
  static const gateway::FilterTable<T> table(
      {
          {"association.main", association([](const A& a) { return a.main(); })},
          {"association.route-table-association-id",
           association([](const A& a) { return a.route_table_association_id(); })},
          {"association.route-table-id", association([](const A& a) { return a.route_table_id(); })},
          {"association.gateway-id", gateway::Nothing<T>()},
          {"association.subnet-id", gateway::Nothing<T>()},
          {"owner-id", gateway::One<T>([](const T& t) { return t.owner_id(); })},
          {"route-table-id", gateway::One<T>([](const T& t) { return t.route_table_id(); })},
          {"route.destination-cidr-block", route([](const v1::Route& r) { return r.destination_cidr_block(); })},
          {"route.destination-ipv6-cidr-block", gateway::Nothing<T>()},
          {"route.destination-prefix-list-id", gateway::Nothing<T>()},
          {"route.egress-only-internet-gateway-id", gateway::Nothing<T>()},
          {"route.gateway-id", route([](const v1::Route& r) { return r.gateway_id(); })},
          {"route.instance-id", gateway::Nothing<T>()},
          {"route.nat-gateway-id", gateway::Nothing<T>()},
          {"route.origin", route([](const v1::Route& r) { return r.origin(); })},
          {"route.state", route([](const v1::Route& r) { return r.state(); })},
          {"route.transit-gateway-id", gateway::Nothing<T>()},
          {"route.vpc-peering-connection-id", gateway::Nothing<T>()},
          {"vpc-id", gateway::One<T>([](const T& t) { return t.vpc_id(); })},
      },
      [](const T& t) { return TagsOf(t.tags()); });
  return table;
}

absl::StatusOr<v1::DescribeRouteTablesResponse> DescribeTables(const api::Services& services,
                                                               const v1::DescribeRouteTablesRequest& request) {
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.route_table_ids().empty(), "routeTableId"));
  RETURN_IF_ERROR(gateway::CheckIds<RouteTableId>(request.route_table_ids()));
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, services.networks.ListVpcs());
  std::vector<v1::RouteTable> tables;
  for (const Vpc& vpc : vpcs) tables.push_back(RenderTable(vpc, services));
  const auto key = [](const v1::RouteTable& table) { return table.route_table_id(); };
  RETURN_IF_ERROR(gateway::Select<RouteTableId>(request.route_table_ids(), tables, key));
  v1::DescribeRouteTablesResponse response;
  ASSIGN_OR_RETURN(tables, gateway::FilteredPage("tables", std::move(tables), TableFilters(), request, response, key));
  for (v1::RouteTable& table : tables) *response.add_route_tables() = std::move(table);
  return response;
}

const gateway::FilterTable<v1::InternetGateway>& GatewayFilters() {
  using G = v1::InternetGateway;
  using A = v1::InternetGatewayAttachment;
  const auto attachment = [](auto get) { return gateway::Each<G>([](const G& g) { return g.attachments(); }, get); };
  static const gateway::FilterTable<G> table(
      {
          {"attachment.state", attachment([](const A& a) { return a.state(); })},
          {"attachment.vpc-id", attachment([](const A& a) { return a.vpc_id(); })},
          {"internet-gateway-id", gateway::One<G>([](const G& g) { return g.internet_gateway_id(); })},
          {"owner-id", gateway::One<G>([](const G& g) { return g.owner_id(); })},
      },
      [](const G& g) { return TagsOf(g.tags()); });
  return table;
}

absl::StatusOr<v1::DescribeInternetGatewaysResponse> DescribeGateways(
    const api::Services& services, const v1::DescribeInternetGatewaysRequest& request) {
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.internet_gateway_ids().empty(), "internetGatewayId"));
  RETURN_IF_ERROR(gateway::CheckIds<InternetGatewayId>(request.internet_gateway_ids()));
  std::vector<Vpc> vpcs;
  if (services.has_uplink) {
    ASSIGN_OR_RETURN(vpcs, services.networks.ListVpcs());
  }
  std::vector<v1::InternetGateway> gateways;
  for (const Vpc& vpc : vpcs) {
    v1::InternetGateway& gateway = gateways.emplace_back();
    gateway.set_internet_gateway_id(GatewayOf(vpc));
    gateway.set_owner_id(services.settings.account_id);
    gateway.add_attachments()->set_vpc_id(vpc.id.text());
    gateway.mutable_attachments(0)->set_state("available");
  }
  const auto key = [](const v1::InternetGateway& gateway) { return gateway.internet_gateway_id(); };
  RETURN_IF_ERROR(gateway::Select<InternetGatewayId>(request.internet_gateway_ids(), gateways, key));
  v1::DescribeInternetGatewaysResponse response;
  ASSIGN_OR_RETURN(gateways,
                   gateway::FilteredPage("gateways", std::move(gateways), GatewayFilters(), request, response, key));
  for (v1::InternetGateway& gateway : gateways) *response.add_internet_gateways() = std::move(gateway);
  return response;
}

}  // namespace

void AddRouteHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::DescribeRouteTablesRequest, v1::DescribeRouteTablesResponse>(
      kService, "DescribeRouteTables", [services](const v1::DescribeRouteTablesRequest& request, const Caller&) {
        return DescribeTables(services, request);
      });
  dispatcher.Handle<v1::DescribeInternetGatewaysRequest, v1::DescribeInternetGatewaysResponse>(
      kService, "DescribeInternetGateways",
      [services](const v1::DescribeInternetGatewaysRequest& request, const Caller&) {
        return DescribeGateways(services, request);
      });
}

}  // namespace brume::ec2
