#include "lib/ec2/network/api/internet_gateway_handlers.h"

#include <utility>
#include <vector>

#include "brume/ec2/v1/route.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

v1::InternetGateway RenderGateway(const network::InternetGatewayView& view, const Settings& settings) {
  v1::InternetGateway rendered;
  rendered.set_internet_gateway_id(view.gateway.id.text());
  rendered.set_owner_id(settings.account_id);
  *rendered.mutable_tags() = RenderTags(view.tags);
  if (view.gateway.vpc_id.empty()) return rendered;
  v1::InternetGatewayAttachment& attachment = *rendered.add_attachments();
  attachment.set_vpc_id(view.gateway.vpc_id.text());
  attachment.set_state("available");
  return rendered;
}

absl::StatusOr<v1::DescribeInternetGatewaysResponse> DescribeInternetGateways(
    const v1::DescribeInternetGatewaysRequest& request, network::RouteService& routes, const Settings& settings) {
  static const gateway::Listing<v1::InternetGateway, v1::DescribeInternetGatewaysResponse> listing = {
      "gateways", &v1::InternetGateway::internet_gateway_id,
      &v1::DescribeInternetGatewaysResponse::mutable_internet_gateways};
  ASSIGN_OR_RETURN(const auto ids,
                   gateway::NamedIds<InternetGatewayId>(request, request.internet_gateway_ids(), "internetGatewayId"));
  ASSIGN_OR_RETURN(const std::vector<network::InternetGatewayView> views,
                   routes.ListGateways(ids, TagsAskedFor(request.filters(), InternetGatewayId::kKind.prefix)));
  std::vector<v1::InternetGateway> gateways;
  gateways.reserve(views.size());
  for (const network::InternetGatewayView& view : views) gateways.push_back(RenderGateway(view, settings));
  return gateway::Answer(listing, request, std::move(gateways));
}

absl::StatusOr<v1::CreateInternetGatewayResponse> CreateInternetGateway(const v1::CreateInternetGatewayRequest& request,
                                                                        network::RouteService& routes,
                                                                        const Settings& settings) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), InternetGatewayId::kKind));
  ASSIGN_OR_RETURN(const network::InternetGatewayView made, routes.CreateGateway(tags));
  v1::CreateInternetGatewayResponse response;
  *response.mutable_internet_gateway() = RenderGateway(made, settings);
  return response;
}

absl::Status DeleteInternetGateway(const v1::DeleteInternetGatewayRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const InternetGatewayId id, InternetGatewayId::Parse(request.internet_gateway_id()));
  return routes.DeleteGateway(id);
}

absl::Status AttachInternetGateway(const v1::AttachInternetGatewayRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const InternetGatewayId id, InternetGatewayId::Parse(request.internet_gateway_id()));
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(request.vpc_id()));
  return routes.AttachGateway(id, vpc);
}

absl::Status DetachInternetGateway(const v1::DetachInternetGatewayRequest& request, network::RouteService& routes) {
  ASSIGN_OR_RETURN(const InternetGatewayId id, InternetGatewayId::Parse(request.internet_gateway_id()));
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(request.vpc_id()));
  return routes.DetachGateway(id, vpc);
}

}  // namespace

void AddInternetGatewayActions(gateway::Actions& actions, network::RouteService& routes, const Settings& settings) {
  actions.Add(DescribeInternetGateways, routes, settings);
  actions.Add(CreateInternetGateway, routes, settings);
  actions.Add(DeleteInternetGateway, routes);
  actions.Add(AttachInternetGateway, routes);
  actions.Add(DetachInternetGateway, routes);
}

}  // namespace brume::ec2
