#include "lib/ec2/network/api/nat_gateway_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/nat_gateway.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

constexpr char kPublic[] = "public", kPrivate[] = "private";

// How far its address has come to it; empty where it has gone.
std::string AddressStatus(const NatGateway& gateway) {
  switch (gateway.state) {
    case NatGatewayState::kPending:
      return gateway.is_public ? "associating" : "assigning";
    case NatGatewayState::kAvailable:
      return "succeeded";
    case NatGatewayState::kFailed:
      return "failed";
    case NatGatewayState::kDeleting:
      return gateway.is_public ? "disassociating" : "unassigning";
    case NatGatewayState::kDeleted:
      return "";
  }
  return "";
}

v1::NatGateway Render(const network::NatGatewayView& view) {
  const NatGateway& gateway = view.gateway;
  v1::NatGateway rendered;
  rendered.set_nat_gateway_id(gateway.id.text());
  rendered.set_state(std::string(kNatGatewayStateNames.Of(gateway.state)));
  rendered.set_subnet_id(gateway.subnet_id.text());
  rendered.set_vpc_id(gateway.vpc_id.text());
  rendered.set_connectivity_type(gateway.is_public ? kPublic : kPrivate);
  rendered.set_create_time(gateway::RenderTime(gateway.created));
  if (gateway.ended != absl::InfiniteFuture()) rendered.set_delete_time(gateway::RenderTime(gateway.ended));
  if (!gateway.failure_code.empty()) {
    rendered.set_failure_code(gateway.failure_code);
    rendered.set_failure_message(gateway.failure_message);
  }
  rendered.set_availability_mode("zonal");
  v1::NatGatewayAddress& address = *rendered.add_nat_gateway_addresses();
  if (!gateway.allocation_id.empty()) address.set_allocation_id(gateway.allocation_id.text());
  if (gateway.public_ip.has_value()) address.set_public_ip(gateway.public_ip->text());
  if (!gateway.eni_id.empty()) {
    address.set_network_interface_id(gateway.eni_id.text());
    address.set_private_ip(gateway.private_ip.text());
  }
  if (!view.association_id.empty()) address.set_association_id(view.association_id.text());
  address.set_is_primary(true);
  if (std::string status = AddressStatus(gateway); !status.empty()) address.set_status(std::move(status));
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

absl::StatusOr<v1::DescribeNatGatewaysResponse> DescribeNatGateways(const v1::DescribeNatGatewaysRequest& request,
                                                                    network::NatGatewayService& gateways) {
  static const gateway::Listing<v1::NatGateway, v1::DescribeNatGatewaysResponse> listing = {
      "nat-gateways", &v1::NatGateway::nat_gateway_id, &v1::DescribeNatGatewaysResponse::mutable_nat_gateways};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<NatGatewayId>(request, request.nat_gateway_ids(), "natGatewayId"));
  ASSIGN_OR_RETURN(const std::vector<network::NatGatewayView> views,
                   gateways.List(ids, TagsAskedFor(request.filter(), NatGatewayId::kKind.prefix)));
  std::vector<v1::NatGateway> rendered;
  rendered.reserve(views.size());
  for (const network::NatGatewayView& view : views) rendered.push_back(Render(view));
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<network::NewNatGateway> ParseGateway(const v1::CreateNatGatewayRequest& request) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  network::NewNatGateway wanted;
  ASSIGN_OR_RETURN(wanted.subnet_id, SubnetId::Parse(request.subnet_id()));
  wanted.is_public = request.connectivity_type() != kPrivate;
  if (wanted.is_public && request.allocation_id().empty()) return Error(kMissingParameter, "AllocationId");
  if (!wanted.is_public && !request.allocation_id().empty()) {
    return Error("InvalidParameterCombination",
                 "A private NAT gateway has no AllocationId: it does not lead to the Internet");
  }
  if (wanted.is_public) {
    ASSIGN_OR_RETURN(wanted.allocation_id, AllocationId::Parse(request.allocation_id()));
  }
  if (!request.private_ip_address().empty()) {
    ASSIGN_OR_RETURN(wanted.private_ip, Ipv4::Parse(request.private_ip_address()));
  }
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), NatGatewayId::kKind));
  wanted.client_token = request.client_token();
  if (!wanted.client_token.empty()) wanted.parameters_digest = gateway::ParametersDigest(request);
  return wanted;
}

absl::StatusOr<v1::CreateNatGatewayResponse> CreateNatGateway(const v1::CreateNatGatewayRequest& request,
                                                              network::NatGatewayService& gateways) {
  ASSIGN_OR_RETURN(const network::NewNatGateway wanted, ParseGateway(request));
  ASSIGN_OR_RETURN(const network::NatGatewayView made, gateways.Create(wanted));
  v1::CreateNatGatewayResponse response;
  if (!wanted.client_token.empty()) response.set_client_token(wanted.client_token);
  *response.mutable_nat_gateway() = Render(made);
  return response;
}

absl::StatusOr<v1::DeleteNatGatewayResponse> DeleteNatGateway(const v1::DeleteNatGatewayRequest& request,
                                                              network::NatGatewayService& gateways) {
  ASSIGN_OR_RETURN(const NatGatewayId id, NatGatewayId::Parse(request.nat_gateway_id()));
  RETURN_IF_ERROR(gateways.Delete(id));
  v1::DeleteNatGatewayResponse response;
  response.set_nat_gateway_id(id.text());
  return response;
}

}  // namespace

void AddNatGatewayActions(gateway::Actions& actions, network::NatGatewayService& gateways) {
  actions.Add(DescribeNatGateways, gateways);
  actions.Add(CreateNatGateway, gateways);
  actions.Add(DeleteNatGateway, gateways);
}

}  // namespace brume::ec2
