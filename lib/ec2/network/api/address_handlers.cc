#include "lib/ec2/network/api/address_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "brume/ec2/v1/address.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/network_requests.h"
#include "lib/ec2/network/model/dhcp_options.h"
#include "lib/gateway/access.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume::ec2 {
namespace {

// The pool of the host's public addresses, by EC2's name for what it has for everybody.
constexpr char kPool[] = "amazon";

absl::StatusOr<Ipv4> ParsePublicIp(absl::string_view text) {
  const absl::StatusOr<Ipv4> address = Ipv4::Parse(text);
  if (address.ok()) return *address;
  return Error("InvalidAddress.Malformed", "Invalid IPv4 address in the parameter publicIp");
}

// By an id or by an address. Errors: MissingParameter, InvalidParameterCombination, those of the parts.
absl::StatusOr<network::AddressName> NameOf(absl::string_view id, absl::string_view public_ip) {
  if (id.empty() && public_ip.empty()) return Error(kMissingParameter, "allocationId or publicIp");
  if (!id.empty() && !public_ip.empty()) {
    return Error("InvalidParameterCombination",
                 "You may specify public IP or allocation ID, but not both in the same call");
  }
  network::AddressName name;
  if (!id.empty()) {
    ASSIGN_OR_RETURN(name.id, AllocationId::Parse(id));
  } else {
    ASSIGN_OR_RETURN(name.public_ip, ParsePublicIp(public_ip));
  }
  return name;
}

v1::Address Render(const network::AddressView& view, const Settings& settings) {
  v1::Address rendered;
  rendered.set_public_ip(view.address.public_ip.text());
  rendered.set_allocation_id(view.address.id.text());
  rendered.set_domain("vpc");
  rendered.set_public_ipv4_pool(kPool);
  rendered.set_network_border_group(settings.region);
  *rendered.mutable_tags() = RenderTags(view.tags);
  if (!view.association.has_value()) return rendered;
  rendered.set_association_id(view.association->id.text());
  rendered.set_network_interface_id(view.association->eni_id.text());
  rendered.set_network_interface_owner_id(settings.account_id);
  rendered.set_private_ip_address(view.association->private_ip.text());
  if (!view.instance_id.empty()) rendered.set_instance_id(view.instance_id.text());
  return rendered;
}

absl::StatusOr<v1::AllocateAddressResponse> AllocateAddress(const v1::AllocateAddressRequest& request,
                                                            network::AddressService& addresses,
                                                            const Settings& settings) {
  if (request.domain() == "standard") {
    return Error("InvalidParameterValue", "The domain 'standard' is that of EC2-Classic, which is no more: use 'vpc'");
  }
  if (!request.public_ipv4_pool().empty() && request.public_ipv4_pool() != kPool) {
    return Error("InvalidParameterValue",
                 absl::StrCat("Value (", absl::string_view(request.public_ipv4_pool()).substr(0, 64),
                              ") for parameter publicIpv4Pool is invalid: this host has one, ", kPool));
  }
  RETURN_IF_ERROR(CheckBorderGroup(request.network_border_group(), "networkBorderGroup", settings));
  std::optional<Ipv4> wanted;
  if (!request.address().empty()) {
    ASSIGN_OR_RETURN(wanted, ParsePublicIp(request.address()));
  }
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), AllocationId::kKind));
  ASSIGN_OR_RETURN(const ElasticAddress made, addresses.Allocate(wanted, tags));
  v1::AllocateAddressResponse response;
  response.set_public_ip(made.public_ip.text());
  response.set_allocation_id(made.id.text());
  response.set_public_ipv4_pool(kPool);
  response.set_network_border_group(settings.region);
  response.set_domain("vpc");
  return response;
}

absl::StatusOr<network::AddressTarget> ParseTarget(const v1::AssociateAddressRequest& request) {
  network::AddressTarget target;
  target.allow_reassociation = !request.has_allow_reassociation() || request.allow_reassociation();
  ASSIGN_OR_RETURN(target.instance, gateway::ParseOptionalId<InstanceId>(request.instance_id()));
  ASSIGN_OR_RETURN(target.eni, gateway::ParseOptionalId<EniId>(request.network_interface_id()));
  if (!request.private_ip_address().empty()) {
    ASSIGN_OR_RETURN(target.private_ip, Ipv4::Parse(request.private_ip_address()));
  }
  return target;
}

absl::StatusOr<v1::AssociateAddressResponse> AssociateAddress(const v1::AssociateAddressRequest& request,
                                                              network::AddressService& addresses) {
  ASSIGN_OR_RETURN(const network::AddressName name, NameOf(request.allocation_id(), request.public_ip()));
  if (request.instance_id().empty() && request.network_interface_id().empty()) {
    return Error("MissingParameter", "Either 'InstanceId' or 'NetworkInterfaceId' must be provided");
  }
  ASSIGN_OR_RETURN(const network::AddressTarget target, ParseTarget(request));
  ASSIGN_OR_RETURN(const AddressAssociation made, addresses.Associate(name, target));
  v1::AssociateAddressResponse response;
  response.set_association_id(made.id.text());
  return response;
}

absl::Status DisassociateAddress(const v1::DisassociateAddressRequest& request, network::AddressService& addresses) {
  if (request.association_id().empty() == request.public_ip().empty()) {
    if (request.public_ip().empty()) return Error(kMissingParameter, "associationId or publicIp");
    return Error("InvalidParameterCombination",
                 "You may specify public IP or association ID, but not both in the same call");
  }
  if (!request.public_ip().empty()) {
    ASSIGN_OR_RETURN(const Ipv4 address, ParsePublicIp(request.public_ip()));
    return addresses.Disassociate(address);
  }
  ASSIGN_OR_RETURN(const AddressAssociationId id, AddressAssociationId::Parse(request.association_id()));
  return addresses.Disassociate(id);
}

absl::Status ReleaseAddress(const v1::ReleaseAddressRequest& request, network::AddressService& addresses,
                            const Settings& settings) {
  RETURN_IF_ERROR(CheckBorderGroup(request.network_border_group(), "networkBorderGroup", settings));
  ASSIGN_OR_RETURN(const network::AddressName name, NameOf(request.allocation_id(), request.public_ip()));
  return addresses.Release(name);
}

absl::StatusOr<v1::DescribeAddressesResponse> DescribeAddresses(const v1::DescribeAddressesRequest& request,
                                                                network::AddressService& addresses,
                                                                const Settings& settings) {
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  std::vector<network::AddressName> names;
  for (const std::string& text : request.public_ips()) {
    ASSIGN_OR_RETURN(const Ipv4 address, ParsePublicIp(text));
    names.push_back({.id = {}, .public_ip = address});
  }
  for (const std::string& text : request.allocation_ids()) {
    const absl::StatusOr<AllocationId> id = AllocationId::Parse(text);
    if (!id.ok()) return AllocationId::NotFound(absl::string_view(text).substr(0, 64));
    names.push_back({.id = *id, .public_ip = {}});
  }
  ASSIGN_OR_RETURN(const std::vector<network::AddressView> views,
                   addresses.List(names, TagsAskedFor(request.filters(), AllocationId::kKind.prefix)));
  v1::DescribeAddressesResponse response;
  for (const network::AddressView& view : views) {
    v1::Address rendered = Render(view, settings);
    if (keep(rendered)) *response.add_addresses() = std::move(rendered);
  }
  return response;
}

v1::AddressAttribute RenderAttribute(const ElasticAddress& address) {
  v1::AddressAttribute attribute;
  attribute.set_public_ip(address.public_ip.text());
  attribute.set_allocation_id(address.id.text());
  if (!address.domain_name.empty()) attribute.set_ptr_record(address.domain_name + ".");
  return attribute;
}

absl::StatusOr<v1::ModifyAddressAttributeResponse> ModifyAddressAttribute(
    const v1::ModifyAddressAttributeRequest& request, network::AddressService& addresses) {
  ASSIGN_OR_RETURN(const AllocationId id, AllocationId::Parse(request.allocation_id()));
  const absl::string_view domain = absl::StripSuffix(request.domain_name(), ".");
  if (!IsDomainName(domain)) {
    return Error("InvalidParameterValue",
                 absl::StrCat("Value (", absl::CHexEscape(request.domain_name().substr(0, 64)),
                              ") for parameter domainName is invalid. It is not the name of a domain."));
  }
  ASSIGN_OR_RETURN(const ElasticAddress named, addresses.SetDomainName(id, absl::AsciiStrToLower(domain)));
  v1::ModifyAddressAttributeResponse response;
  *response.mutable_address() = RenderAttribute(named);
  return response;
}

absl::StatusOr<v1::ResetAddressAttributeResponse> ResetAddressAttribute(const v1::ResetAddressAttributeRequest& request,
                                                                        network::AddressService& addresses) {
  ASSIGN_OR_RETURN(const AllocationId id, AllocationId::Parse(request.allocation_id()));
  ASSIGN_OR_RETURN(const ElasticAddress reset, addresses.SetDomainName(id, ""));
  v1::ResetAddressAttributeResponse response;
  *response.mutable_address() = RenderAttribute(reset);
  return response;
}

absl::StatusOr<v1::DescribeAddressesAttributeResponse> DescribeAddressesAttribute(
    const v1::DescribeAddressesAttributeRequest& request, network::AddressService& addresses) {
  static const gateway::Listing<v1::AddressAttribute, v1::DescribeAddressesAttributeResponse> listing = {
      "address-attributes", &v1::AddressAttribute::allocation_id,
      &v1::DescribeAddressesAttributeResponse::mutable_addresses};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<AllocationId>(request, request.allocation_ids(), "allocationId"));
  std::vector<network::AddressName> names;
  for (const AllocationId& id : ids) names.push_back({.id = id, .public_ip = {}});
  ASSIGN_OR_RETURN(const std::vector<network::AddressView> views, addresses.List(names));
  std::vector<v1::AddressAttribute> attributes;
  for (const network::AddressView& view : views) attributes.push_back(RenderAttribute(view.address));
  return gateway::Answer(listing, request, std::move(attributes));
}

// What a call touches beside what its ids name: the address, and what it is associated with.
void AddTouched(const network::AddressView& view, const Account& account, AccessQuestion& question) {
  question.AddResource(ArnOf(account, view.address.id));
  if (!view.association.has_value()) return;
  question.AddResource(ArnOf(account, view.association->eni_id));
  if (!view.instance_id.empty()) question.AddResource(ArnOf(account, view.instance_id));
}

// The same of who is given an address: what it is in, and the address that it loses.
absl::Status AddTarget(const v1::AssociateAddressRequest& request, network::AddressService& addresses,
                       const Account& account, AccessQuestion& question) {
  ASSIGN_OR_RETURN(const network::AddressTarget target, ParseTarget(request));
  ASSIGN_OR_RETURN(const network::AddressTargetView view, addresses.Of(target));
  question.AddResource(ArnOf(account, view.eni));
  if (!view.instance.empty()) question.AddResource(ArnOf(account, view.instance));
  if (view.present.has_value()) question.AddResource(ArnOf(account, *view.present));
  return absl::OkStatus();
}

}  // namespace

void AddAddressActions(gateway::Actions& actions, network::AddressService& addresses, const Settings& settings) {
  const auto by_name = [&addresses, account = settings.account()](const auto& request,
                                                                  AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const network::AddressName name, NameOf(request.allocation_id(), request.public_ip()));
    ASSIGN_OR_RETURN(const network::AddressView view, addresses.Of(name));
    AddTouched(view, account, question);
    return absl::OkStatus();
  };
  const auto by_association = [&addresses, account = settings.account()](const v1::DisassociateAddressRequest& request,
                                                                         AccessQuestion& question) -> absl::Status {
    network::AddressView view;
    if (!request.public_ip().empty()) {
      ASSIGN_OR_RETURN(const Ipv4 address, ParsePublicIp(request.public_ip()));
      ASSIGN_OR_RETURN(view, addresses.Of(network::AddressName{.id = {}, .public_ip = address}));
    } else {
      ASSIGN_OR_RETURN(const AddressAssociationId id, AddressAssociationId::Parse(request.association_id()));
      ASSIGN_OR_RETURN(view, addresses.Of(id));
    }
    AddTouched(view, account, question);
    return absl::OkStatus();
  };
  actions.Add(AllocateAddress, addresses, settings)
      .DescribedBy(
          [account = settings.account()](const v1::AllocateAddressRequest&, AccessQuestion& question) -> absl::Status {
            question.resource_context[ArnOf(account, AllocationId::kKind, "*")]["ec2:domain"] = {"vpc"};
            return absl::OkStatus();
          });
  actions.Add(AssociateAddress, addresses)
      .DescribedBy([&addresses, by_name, account = settings.account()](const v1::AssociateAddressRequest& request,
                                                                       AccessQuestion& question) -> absl::Status {
        RETURN_IF_ERROR(by_name(request, question));
        return AddTarget(request, addresses, account, question);
      });
  actions.Add(DisassociateAddress, addresses).DescribedBy(by_association);
  actions.Add(ReleaseAddress, addresses, settings).DescribedBy(by_name);
  actions.Add(DescribeAddresses, addresses, settings);
  actions.Add(DescribeAddressesAttribute, addresses);
  actions.Add(ModifyAddressAttribute, addresses);
  actions.Add(ResetAddressAttribute, addresses);
}

}  // namespace brume::ec2
