#include "lib/ec2/network/api/route_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/route.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/api/derived_resources.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

// A VPC has one table and one gateway for its life, so their ids are the VPC's in other clothes.
std::string TableOf(const Vpc& vpc) { return WithDigitsOf<RouteTableId>(vpc.id.text()).text(); }
std::string GatewayOf(const Vpc& vpc) { return WithDigitsOf<InternetGatewayId>(vpc.id.text()).text(); }

v1::RouteTable RenderTable(const Vpc& vpc, const Settings& settings) {
  v1::RouteTable table;
  table.set_route_table_id(TableOf(vpc));
  table.set_vpc_id(vpc.id.text());
  table.set_owner_id(settings.account_id);
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
  if (!settings.has_uplink) return table;
  v1::Route& out = *table.add_routes();
  out.set_destination_cidr_block("0.0.0.0/0");
  out.set_gateway_id(GatewayOf(vpc));
  out.set_origin("CreateRoute");
  out.set_state("active");
  return table;
}

absl::StatusOr<v1::DescribeRouteTablesResponse> DescribeRouteTables(const v1::DescribeRouteTablesRequest& request,
                                                                    network::NetworkService& networks,
                                                                    const Settings& settings) {
  static const gateway::Listing<v1::RouteTable, v1::DescribeRouteTablesResponse> listing = {
      "tables", &v1::RouteTable::route_table_id, &v1::DescribeRouteTablesResponse::mutable_route_tables};
  const auto& ids = request.route_table_ids();
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, VpcsAskedFor<RouteTableId>(networks, request, ids, "routeTableId"));
  std::vector<v1::RouteTable> tables;
  tables.reserve(vpcs.size());
  for (const Vpc& vpc : vpcs) tables.push_back(RenderTable(vpc, settings));
  RETURN_IF_ERROR(AddTagsOf(networks, &v1::RouteTable::route_table_id, tables));
  return gateway::AnswerNamed<RouteTableId>(listing, request, ids, std::move(tables));
}

v1::InternetGateway RenderGateway(const Vpc& vpc, const Settings& settings) {
  v1::InternetGateway rendered;
  rendered.set_internet_gateway_id(GatewayOf(vpc));
  rendered.set_owner_id(settings.account_id);
  v1::InternetGatewayAttachment& attachment = *rendered.add_attachments();
  attachment.set_vpc_id(vpc.id.text());
  attachment.set_state("available");
  return rendered;
}

absl::StatusOr<v1::DescribeInternetGatewaysResponse> DescribeInternetGateways(
    const v1::DescribeInternetGatewaysRequest& request, network::NetworkService& networks, const Settings& settings) {
  static const gateway::Listing<v1::InternetGateway, v1::DescribeInternetGatewaysResponse> listing = {
      "gateways", &v1::InternetGateway::internet_gateway_id,
      &v1::DescribeInternetGatewaysResponse::mutable_internet_gateways};
  const auto& ids = request.internet_gateway_ids();
  ASSIGN_OR_RETURN(std::vector<Vpc> vpcs, VpcsAskedFor<InternetGatewayId>(networks, request, ids, "internetGatewayId"));
  if (!settings.has_uplink) vpcs.clear();
  std::vector<v1::InternetGateway> gateways;
  gateways.reserve(vpcs.size());
  for (const Vpc& vpc : vpcs) gateways.push_back(RenderGateway(vpc, settings));
  RETURN_IF_ERROR(AddTagsOf(networks, &v1::InternetGateway::internet_gateway_id, gateways));
  return gateway::AnswerNamed<InternetGatewayId>(listing, request, ids, std::move(gateways));
}

}  // namespace

void AddRouteActions(gateway::Actions& actions, network::NetworkService& networks, const Settings& settings) {
  actions.Add(DescribeRouteTables, networks, settings);
  actions.Add(DescribeInternetGateways, networks, settings);
}

}  // namespace brume::ec2
