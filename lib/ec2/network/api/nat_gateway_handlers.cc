#include "lib/ec2/network/api/nat_gateway_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/nat_gateway.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
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

v1::NatGatewayAddress RenderSecondary(const SecondaryAddress& address, const EniId& eni, std::string status) {
  v1::NatGatewayAddress rendered;
  if (address.public_ip.has_value()) {
    rendered.set_allocation_id(address.allocation_id.text());
    rendered.set_association_id(address.association_id.text());
    rendered.set_public_ip(address.public_ip->text());
  }
  if (!eni.empty()) rendered.set_network_interface_id(eni.text());
  rendered.set_private_ip(address.private_ip.text());
  rendered.set_is_primary(false);
  rendered.set_status(std::move(status));
  return rendered;
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
  for (const SecondaryAddress& each : view.secondary) {
    *rendered.add_nat_gateway_addresses() = RenderSecondary(each, gateway.eni_id, AddressStatus(gateway));
  }
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

absl::Status BothPrivate() {
  return Error("InvalidParameterCombination", "Private addresses and their number cannot be used together");
}

absl::StatusOr<std::vector<Ipv4>> ParsePrivateAddresses(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<Ipv4> addresses;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(addresses.emplace_back(), Ipv4::Parse(text));
  }
  return addresses;
}

// Of a public gateway there is a private address for each elastic one, or for none.
absl::Status CheckOneForEach(const network::NatAddressRequest& wanted) {
  if (wanted.private_ips.empty() || wanted.private_ips.size() == wanted.allocation_ids.size()) return absl::OkStatus();
  return Error("InvalidParameterCombination",
               absl::StrCat("There are ", wanted.private_ips.size(), " private addresses for ",
                            wanted.allocation_ids.size(), " elastic ones; give one for each, or none"));
}

absl::StatusOr<network::NatAddressRequest> ParseSecondary(const v1::CreateNatGatewayRequest& request, bool is_public) {
  network::NatAddressRequest wanted;
  ASSIGN_OR_RETURN(wanted.allocation_ids, gateway::ParseIds<AllocationId>(request.secondary_allocation_ids()));
  ASSIGN_OR_RETURN(wanted.private_ips, ParsePrivateAddresses(request.secondary_private_ip_addresses()));
  wanted.private_count = request.secondary_private_ip_address_count();
  if (is_public && wanted.private_count > 0) {
    return Error(
        "InvalidParameterCombination",
        "SecondaryPrivateIpAddressCount is of private NAT gateways: a public one has as many private addresses "
        "as elastic ones");
  }
  if (!is_public && !wanted.allocation_ids.empty()) {
    return Error("InvalidParameterCombination",
                 "A private NAT gateway has no SecondaryAllocationIds: it does not lead to the Internet");
  }
  if (!wanted.private_ips.empty() && wanted.private_count > 0) return BothPrivate();
  if (is_public) RETURN_IF_ERROR(CheckOneForEach(wanted));
  return wanted;
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
  ASSIGN_OR_RETURN(wanted.secondary, ParseSecondary(request, wanted.is_public));
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

// The addresses that a call gave or took, on their way as EC2 shows them.
template <typename Response>
Response Answered(const NatGatewayId& id, const std::vector<SecondaryAddress>& addresses, const char* status) {
  Response response;
  response.set_nat_gateway_id(id.text());
  for (const SecondaryAddress& each : addresses) {
    *response.add_nat_gateway_addresses() = RenderSecondary(each, {}, status);
  }
  return response;
}

absl::StatusOr<v1::AssociateNatGatewayAddressResponse> AssociateNatGatewayAddress(
    const v1::AssociateNatGatewayAddressRequest& request, network::NatGatewayService& gateways) {
  ASSIGN_OR_RETURN(const NatGatewayId id, NatGatewayId::Parse(request.nat_gateway_id()));
  network::NatAddressRequest wanted;
  ASSIGN_OR_RETURN(wanted.allocation_ids, gateway::ParseIds<AllocationId>(request.allocation_ids()));
  ASSIGN_OR_RETURN(wanted.private_ips, ParsePrivateAddresses(request.private_ip_addresses()));
  RETURN_IF_ERROR(CheckOneForEach(wanted));
  ASSIGN_OR_RETURN(const std::vector<SecondaryAddress> added, gateways.AddAddresses(id, wanted));
  return Answered<v1::AssociateNatGatewayAddressResponse>(id, added, "associating");
}

absl::StatusOr<v1::DisassociateNatGatewayAddressResponse> DisassociateNatGatewayAddress(
    const v1::DisassociateNatGatewayAddressRequest& request, network::NatGatewayService& gateways) {
  ASSIGN_OR_RETURN(const NatGatewayId id, NatGatewayId::Parse(request.nat_gateway_id()));
  ASSIGN_OR_RETURN(const auto associations, gateway::ParseIds<AddressAssociationId>(request.association_ids()));
  ASSIGN_OR_RETURN(const std::vector<SecondaryAddress> removed, gateways.RemoveElastic(id, associations));
  return Answered<v1::DisassociateNatGatewayAddressResponse>(id, removed, "disassociating");
}

absl::StatusOr<v1::AssignPrivateNatGatewayAddressResponse> AssignPrivateNatGatewayAddress(
    const v1::AssignPrivateNatGatewayAddressRequest& request, network::NatGatewayService& gateways) {
  ASSIGN_OR_RETURN(const NatGatewayId id, NatGatewayId::Parse(request.nat_gateway_id()));
  network::NatAddressRequest wanted;
  ASSIGN_OR_RETURN(wanted.private_ips, ParsePrivateAddresses(request.private_ip_addresses()));
  wanted.private_count = request.private_ip_address_count();
  if (!wanted.private_ips.empty() && wanted.private_count > 0) return BothPrivate();
  if (wanted.private_ips.empty() && wanted.private_count == 0) {
    return Error(kMissingParameter, "privateIpAddress or privateIpAddressCount");
  }
  ASSIGN_OR_RETURN(const std::vector<SecondaryAddress> added, gateways.AddAddresses(id, wanted));
  return Answered<v1::AssignPrivateNatGatewayAddressResponse>(id, added, "assigning");
}

absl::StatusOr<v1::UnassignPrivateNatGatewayAddressResponse> UnassignPrivateNatGatewayAddress(
    const v1::UnassignPrivateNatGatewayAddressRequest& request, network::NatGatewayService& gateways) {
  ASSIGN_OR_RETURN(const NatGatewayId id, NatGatewayId::Parse(request.nat_gateway_id()));
  ASSIGN_OR_RETURN(const std::vector<Ipv4> addresses, ParsePrivateAddresses(request.private_ip_addresses()));
  ASSIGN_OR_RETURN(const std::vector<SecondaryAddress> removed, gateways.RemovePrivate(id, addresses));
  return Answered<v1::UnassignPrivateNatGatewayAddressResponse>(id, removed, "unassigning");
}

}  // namespace

void AddNatGatewayActions(gateway::Actions& actions, network::NatGatewayService& gateways,
                          network::AddressService& addresses, const Settings& settings) {
  actions.Add(DescribeNatGateways, gateways);
  actions.Add(CreateNatGateway, gateways);
  actions.Add(DeleteNatGateway, gateways);
  actions.Add(AssociateNatGatewayAddress, gateways);
  actions.Add(DisassociateNatGatewayAddress, gateways)
      .DescribedBy([&addresses, account = settings.account()](const v1::DisassociateNatGatewayAddressRequest& request,
                                                              AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<AddressAssociationId>(request.association_ids()));
        for (const AddressAssociationId& id : ids) {
          ASSIGN_OR_RETURN(const network::AddressView view, addresses.Of(id));
          question.AddResource(ArnOf(account, view.address.id));
        }
        return absl::OkStatus();
      });
  actions.Add(AssignPrivateNatGatewayAddress, gateways);
  actions.Add(UnassignPrivateNatGatewayAddress, gateways);
}

}  // namespace brume::ec2
