#include "lib/ec2/network/api/egress_only_gateway_handlers.h"

#include <utility>
#include <vector>

#include "brume/ec2/v1/egress_only_gateway.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/call_token.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

using EgressOnly = v1::EgressOnlyInternetGateway;

EgressOnly RenderEgressOnly(const network::EgressOnlyGatewayView& view) {
  EgressOnly rendered;
  rendered.set_egress_only_internet_gateway_id(view.gateway.id.text());
  v1::InternetGatewayAttachment& attachment = *rendered.add_attachments();
  attachment.set_vpc_id(view.gateway.vpc_id.text());
  attachment.set_state("attached");
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

absl::StatusOr<v1::CreateEgressOnlyInternetGatewayResponse> CreateEgressOnlyInternetGateway(
    const v1::CreateEgressOnlyInternetGatewayRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), EgressOnlyInternetGatewayId::kKind));
  ASSIGN_OR_RETURN(const idempotency::CallToken token, ParseCallToken(request));
  ASSIGN_OR_RETURN(const network::EgressOnlyGatewayView made, routes.CreateEgressOnlyGateway(vpc, tags, token));
  v1::CreateEgressOnlyInternetGatewayResponse response;
  if (request.has_client_token()) response.set_client_token(request.client_token());
  *response.mutable_egress_only_internet_gateway() = RenderEgressOnly(made);
  return response;
}

absl::StatusOr<v1::DeleteEgressOnlyInternetGatewayResponse> DeleteEgressOnlyInternetGateway(
    const v1::DeleteEgressOnlyInternetGatewayRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const EgressOnlyInternetGatewayId id,
                   EgressOnlyInternetGatewayId::Parse(request.egress_only_internet_gateway_id()));
  RETURN_IF_ERROR(routes.DeleteEgressOnlyGateway(id));
  v1::DeleteEgressOnlyInternetGatewayResponse response;
  response.set_return_code(true);
  return response;
}

absl::StatusOr<v1::DescribeEgressOnlyInternetGatewaysResponse> DescribeEgressOnlyInternetGateways(
    const v1::DescribeEgressOnlyInternetGatewaysRequest& request, network::RouteService& routes) {
  static const gateway::Listing<EgressOnly, v1::DescribeEgressOnlyInternetGatewaysResponse> listing = {
      "gateways", &EgressOnly::egress_only_internet_gateway_id,
      &v1::DescribeEgressOnlyInternetGatewaysResponse::mutable_egress_only_internet_gateways};
  ASSIGN_OR_RETURN(const auto ids,
                   gateway::NamedIds<EgressOnlyInternetGatewayId>(request, request.egress_only_internet_gateway_ids(),
                                                                  "egressOnlyInternetGatewayId"));
  ASSIGN_OR_RETURN(
      const std::vector<network::EgressOnlyGatewayView> views,
      routes.ListEgressOnlyGateways(ids, TagsAskedFor(request.filters(), EgressOnlyInternetGatewayId::kKind.prefix)));
  std::vector<EgressOnly> gateways;
  gateways.reserve(views.size());
  for (const network::EgressOnlyGatewayView& view : views) gateways.push_back(RenderEgressOnly(view));
  return gateway::Answer(listing, request, std::move(gateways));
}

}  // namespace

void AddEgressOnlyGatewayActions(gateway::Actions& actions, network::RouteService& routes) {
  actions.Add(CreateEgressOnlyInternetGateway, routes);
  actions.Add(DeleteEgressOnlyInternetGateway, routes);
  actions.Add(DescribeEgressOnlyInternetGateways, routes);
}

}  // namespace brume::ec2
