#include "lib/ec2/network/api/route_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/route.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/call_token.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/made_facts.h"
#include "lib/ec2/network/api/network_requests.h"
#include "lib/gateway/access.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"

namespace brume::ec2 {
namespace {

v1::Route RenderRoute(const network::RouteView& view, const Settings& settings) {
  v1::Route route;
  if (view.destination.cidr_ipv6.has_value()) {
    route.set_destination_ipv6_cidr_block(view.destination.text());
  } else if (view.destination.prefix_list.empty()) {
    route.set_destination_cidr_block(view.destination.cidr.text());
  } else {
    route.set_destination_prefix_list_id(view.destination.prefix_list.text());
  }
  route.set_origin(view.local ? "CreateRouteTable" : "CreateRoute");
  route.set_state(view.active ? "active" : "blackhole");
  if (view.local) route.set_gateway_id("local");
  const RouteGatewayId& gateway = view.target.gateway_id;
  if (gateway.is<InternetGatewayId>()) route.set_gateway_id(gateway.text());
  if (gateway.is<EgressOnlyInternetGatewayId>()) route.set_egress_only_internet_gateway_id(gateway.text());
  if (gateway.is<NatGatewayId>()) route.set_nat_gateway_id(gateway.text());
  if (gateway.is<VpcPeeringConnectionId>()) route.set_vpc_peering_connection_id(gateway.text());
  if (!view.target.eni_id.empty()) route.set_network_interface_id(view.target.eni_id.text());
  if (!view.instance_id.empty()) {
    route.set_instance_id(view.instance_id.text());
    route.set_instance_owner_id(settings.account_id);
  }
  return route;
}

v1::RouteTable RenderTable(const network::RouteTableView& view, const Settings& settings) {
  v1::RouteTable table;
  table.set_route_table_id(view.table.id.text());
  table.set_vpc_id(view.table.vpc_id.text());
  table.set_owner_id(settings.account_id);
  for (const RouteTableAssociation& each : view.associations) {
    v1::RouteTableAssociation& association = *table.add_associations();
    association.set_main(each.is_main());
    association.set_route_table_association_id(each.id.text());
    association.set_route_table_id(each.table_id.text());
    if (!each.is_main()) association.set_subnet_id(each.subnet_id.text());
    association.mutable_association_state()->set_state("associated");
  }
  for (const network::RouteView& route : view.routes) *table.add_routes() = RenderRoute(route, settings);
  *table.mutable_tags() = RenderTags(view.tags);
  return table;
}

absl::StatusOr<v1::DescribeRouteTablesResponse> DescribeRouteTables(const v1::DescribeRouteTablesRequest& request,
                                                                    network::RouteService& routes,
                                                                    const Settings& settings) {
  static const gateway::Listing<v1::RouteTable, v1::DescribeRouteTablesResponse> listing = {
      "tables", &v1::RouteTable::route_table_id, &v1::DescribeRouteTablesResponse::mutable_route_tables};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<RouteTableId>(request, request.route_table_ids(), "routeTableId"));
  ASSIGN_OR_RETURN(const std::vector<network::RouteTableView> views,
                   routes.ListTables(ids, TagsAskedFor(request.filters(), RouteTableId::kKind.prefix)));
  std::vector<v1::RouteTable> tables;
  tables.reserve(views.size());
  for (const network::RouteTableView& view : views) tables.push_back(RenderTable(view, settings));
  return gateway::Answer(listing, request, std::move(tables));
}

absl::StatusOr<v1::CreateRouteTableResponse> CreateRouteTable(const v1::CreateRouteTableRequest& request,
                                                              network::RouteService& routes, const Settings& settings) {
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), RouteTableId::kKind));
  ASSIGN_OR_RETURN(const idempotency::CallToken token, ParseCallToken(request));
  ASSIGN_OR_RETURN(const network::RouteTableView made, routes.CreateTable(vpc, tags, token));
  v1::CreateRouteTableResponse response;
  if (request.has_client_token()) response.set_client_token(request.client_token());
  *response.mutable_route_table() = RenderTable(made, settings);
  return response;
}

absl::Status DeleteRouteTable(const v1::DeleteRouteTableRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableId id, RouteTableId::Parse(request.route_table_id()));
  return routes.DeleteTable(id);
}

absl::StatusOr<v1::AssociateRouteTableResponse> AssociateRouteTable(const v1::AssociateRouteTableRequest& request,
                                                                    network::RouteService& routes) {
  if (!request.gateway_id().empty()) {
    return Error("UnsupportedOperation",
                 "The parameter GatewayId is not supported: what comes in by a gateway goes straight to its instance");
  }
  if (request.subnet_id().empty()) return Error(kMissingParameter, "subnetId");
  ASSIGN_OR_RETURN(const RouteTableId table, RouteTableId::Parse(request.route_table_id()));
  ASSIGN_OR_RETURN(const SubnetId subnet, SubnetId::Parse(request.subnet_id()));
  ASSIGN_OR_RETURN(const RouteTableAssociation made, routes.Associate(table, subnet));
  v1::AssociateRouteTableResponse response;
  response.set_association_id(made.id.text());
  response.mutable_association_state()->set_state("associated");
  return response;
}

absl::Status DisassociateRouteTable(const v1::DisassociateRouteTableRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableAssociationId id, RouteTableAssociationId::Parse(request.association_id()));
  return routes.Disassociate(id);
}

absl::StatusOr<v1::ReplaceRouteTableAssociationResponse> ReplaceRouteTableAssociation(
    const v1::ReplaceRouteTableAssociationRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableAssociationId id, RouteTableAssociationId::Parse(request.association_id()));
  ASSIGN_OR_RETURN(const RouteTableId table, RouteTableId::Parse(request.route_table_id()));
  ASSIGN_OR_RETURN(const RouteTableAssociation made, routes.ReplaceAssociation(id, table));
  v1::ReplaceRouteTableAssociationResponse response;
  response.set_new_association_id(made.id.text());
  response.mutable_association_state()->set_state("associated");
  return response;
}

template <typename Request>
absl::StatusOr<RouteDestination> DestinationOf(const Request& request) {
  if (!request.destination_ipv6_cidr_block().empty()) {
    if (!request.destination_cidr_block().empty() || !request.destination_prefix_list_id().empty()) {
      return Error("InvalidParameterCombination",
                   "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock and "
                   "destinationPrefixListId");
    }
    ASSIGN_OR_RETURN(const CidrIpv6 range, CidrIpv6::Parse(request.destination_ipv6_cidr_block()));
    return RouteDestination(range);
  }
  if (request.destination_prefix_list_id().empty()) {
    ASSIGN_OR_RETURN(const Cidr range, ParseCidr(request.destination_cidr_block(), "destinationCidrBlock"));
    return RouteDestination(range);
  }
  if (!request.destination_cidr_block().empty()) {
    return Error("InvalidParameterCombination",
                 "The request must contain exactly one of destinationCidrBlock and destinationPrefixListId");
  }
  ASSIGN_OR_RETURN(PrefixListId list, PrefixListId::Parse(request.destination_prefix_list_id()));
  return RouteDestination(std::move(list));
}

template <typename Request>
int TargetsIn(const Request& request) {
  return !request.gateway_id().empty() + !request.instance_id().empty() + !request.network_interface_id().empty() +
         !request.nat_gateway_id().empty() + !request.vpc_peering_connection_id().empty() +
         !request.egress_only_internet_gateway_id().empty();
}

// EC2 says of all that is not an internet gateway that it is no gateway.
absl::StatusOr<InternetGatewayId> ParseGateway(const std::string& text) {
  if (KindOfId(text) == &VpcEndpointId::kKind) {
    return Error("InvalidVpcEndpointId.NotFound",
                 absl::StrCat("The Vpc Endpoint Id '", absl::string_view(text).substr(0, 64),
                              "' does not exist: routes lead to gateway endpoints, of which there are none"));
  }
  absl::StatusOr<InternetGatewayId> id = InternetGatewayId::Parse(text);
  return id.ok() ? id : network::NoSuchGateway(text);
}

template <typename Request>
absl::StatusOr<network::RouteTargetRequest> TargetOf(const Request& request) {
  const int given = TargetsIn(request);
  if (given > 1) {
    return Error("InvalidParameterCombination",
                 "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, "
                 "vpcPeeringConnectionId, egressOnlyInternetGatewayId and instanceId");
  }
  if (given == 0) {
    return Error(kMissingParameter,
                 "gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId or "
                 "instanceId");
  }
  network::RouteTargetRequest target;
  if (!request.gateway_id().empty()) {
    ASSIGN_OR_RETURN(target.gateway, ParseGateway(request.gateway_id()));
  } else if (!request.egress_only_internet_gateway_id().empty()) {
    ASSIGN_OR_RETURN(target.egress_only, EgressOnlyInternetGatewayId::Parse(request.egress_only_internet_gateway_id()));
  } else if (!request.nat_gateway_id().empty()) {
    ASSIGN_OR_RETURN(target.nat, NatGatewayId::Parse(request.nat_gateway_id()));
  } else if (!request.vpc_peering_connection_id().empty()) {
    ASSIGN_OR_RETURN(target.peering, VpcPeeringConnectionId::Parse(request.vpc_peering_connection_id()));
  } else if (!request.network_interface_id().empty()) {
    ASSIGN_OR_RETURN(target.eni, EniId::Parse(request.network_interface_id()));
  } else {
    ASSIGN_OR_RETURN(target.instance, InstanceId::Parse(request.instance_id()));
  }
  return target;
}

absl::StatusOr<v1::CreateRouteResponse> CreateRoute(const v1::CreateRouteRequest& request,
                                                    network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableId table, RouteTableId::Parse(request.route_table_id()));
  ASSIGN_OR_RETURN(const RouteDestination destination, DestinationOf(request));
  ASSIGN_OR_RETURN(const network::RouteTargetRequest target, TargetOf(request));
  RETURN_IF_ERROR(routes.CreateRoute(table, destination, target));
  v1::CreateRouteResponse response;
  response.set_return_(true);
  return response;
}

absl::Status ReplaceRoute(const v1::ReplaceRouteRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableId table, RouteTableId::Parse(request.route_table_id()));
  ASSIGN_OR_RETURN(const RouteDestination destination, DestinationOf(request));
  if (request.local_target()) {
    if (TargetsIn(request) == 0) return routes.RestoreLocal(table, destination);
    return Error("InvalidParameterCombination", "The parameter localTarget cannot be used with another target");
  }
  ASSIGN_OR_RETURN(const network::RouteTargetRequest target, TargetOf(request));
  return routes.ReplaceRoute(table, destination, target);
}

absl::Status DeleteRoute(const v1::DeleteRouteRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const RouteTableId table, RouteTableId::Parse(request.route_table_id()));
  ASSIGN_OR_RETURN(const RouteDestination destination, DestinationOf(request));
  return routes.DeleteRoute(table, destination);
}

}  // namespace

void AddRouteActions(gateway::Actions& actions, network::RouteService& routes, const Settings& settings) {
  actions.Add(DescribeRouteTables, routes, settings);
  actions.Add(CreateRouteTable, routes, settings).DescribedBy(MadeInVpc(RouteTableId::kKind, settings.account()));
  actions.Add(DeleteRouteTable, routes);
  actions.Add(AssociateRouteTable, routes);
  // An association is of a table and a subnet, which are what policies name.
  const auto of_association = [&routes, account = settings.account()](const auto& request,
                                                                      AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const RouteTableAssociationId id, RouteTableAssociationId::Parse(request.association_id()));
    ASSIGN_OR_RETURN(const RouteTableAssociation association, routes.GetAssociation(id));
    question.AddResource(ArnOf(account, association.table_id));
    if (!association.is_main()) question.AddResource(ArnOf(account, association.subnet_id));
    return absl::OkStatus();
  };
  actions.Add(DisassociateRouteTable, routes).DescribedBy(of_association);
  actions.Add(ReplaceRouteTableAssociation, routes).DescribedBy(of_association);
  actions.Add(CreateRoute, routes);
  actions.Add(ReplaceRoute, routes);
  actions.Add(DeleteRoute, routes);
}

}  // namespace brume::ec2
