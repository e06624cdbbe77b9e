#include "lib/ec2/network/api/network_interface_handlers.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

using Interface = v1::NetworkInterface;

void RenderAttachment(const NetworkInterface& eni, const Settings& settings, Interface& rendered) {
  v1::NetworkInterfaceAttachment& attachment = *rendered.mutable_attachment();
  attachment.set_attach_time(gateway::RenderTime(eni.attach_time));
  attachment.set_attachment_id(eni.attachment_id);
  attachment.set_delete_on_termination(eni.delete_on_termination);
  attachment.set_device_index(eni.device_index);
  attachment.set_network_card_index(0);
  if (!eni.instance_id.empty()) attachment.set_instance_id(eni.instance_id.text());
  // EC2's name of who runs what belongs to no instance.
  attachment.set_instance_owner_id(eni.instance_id.empty() ? "amazon-aws" : settings.account_id);
  attachment.set_status(std::string(AttachmentStatusName(eni.attachment_state)));
}

void RenderAddress(const SecondaryAddress& address, const NetworkInterface& eni, const Settings& settings,
                   v1::NetworkInterfacePrivateIpAddress& rendered) {
  rendered.set_primary(false);
  rendered.set_private_dns_name(absl::StrCat(PrivateHostname(address.private_ip), ".", PrivateDomain(settings)));
  rendered.set_private_ip_address(address.private_ip.text());
  if (!address.public_ip.has_value()) return;
  const bool elastic = !address.association_id.empty();
  v1::NetworkInterfaceAssociation& association = *rendered.mutable_association();
  association.set_ip_owner_id(elastic ? settings.account_id : "amazon");
  if (elastic) {
    association.set_allocation_id(address.allocation_id.text());
    association.set_association_id(address.association_id.text());
  }
  association.set_public_dns_name(eni.public_name ? PublicDnsName(*address.public_ip, settings.region) : "");
  association.set_public_ip(address.public_ip->text());
}

void RenderAddresses(const NetworkInterface& eni, const Settings& settings, Interface& rendered) {
  rendered.set_private_dns_name(PrivateDnsName(eni, settings));
  rendered.set_private_ip_address(eni.private_ip.text());
  const SecondaryAddress first = {eni.private_ip, eni.public_ip, eni.allocation_id, eni.association_id};
  v1::NetworkInterfacePrivateIpAddress& primary = *rendered.add_private_ip_addresses();
  RenderAddress(first, eni, settings, primary);
  primary.set_primary(true);
  primary.set_private_dns_name(rendered.private_dns_name());
  if (primary.has_association()) *rendered.mutable_association() = primary.association();
  for (const SecondaryAddress& each : eni.secondary) {
    RenderAddress(each, eni, settings, *rendered.add_private_ip_addresses());
  }
}

Interface Render(const network::InterfaceView& view, const Settings& settings) {
  const NetworkInterface& eni = view.eni;
  Interface rendered;
  if (eni.attached()) RenderAttachment(eni, settings, rendered);
  RenderAddresses(eni, settings, rendered);
  rendered.set_availability_zone(view.availability_zone);
  rendered.set_availability_zone_id(ZoneId(settings, view.availability_zone));
  rendered.set_description(eni.description);
  for (const SecurityGroupId& id : eni.groups) {
    v1::GroupIdentifier& group = *rendered.add_groups();
    group.set_group_id(id.text());
    group.set_group_name(view.group_names.at(id));
  }
  rendered.set_interface_type(std::string(kInterfaceTypeNames.Of(eni.type)));
  rendered.set_mac_address(eni.mac);
  rendered.set_network_interface_id(eni.id.text());
  rendered.set_owner_id(settings.account_id);
  if (!eni.requester_id.empty()) rendered.set_requester_id(eni.requester_id);
  rendered.set_requester_managed(eni.requester_managed());
  rendered.set_source_dest_check(eni.source_dest_check);
  rendered.set_status(eni.attached() ? "in-use" : "available");
  rendered.set_subnet_id(eni.subnet_id.text());
  *rendered.mutable_tag_set() = RenderTags(view.tags);
  rendered.set_vpc_id(eni.vpc_id.text());
  return rendered;
}

absl::StatusOr<v1::DescribeNetworkInterfacesResponse> DescribeNetworkInterfaces(
    const v1::DescribeNetworkInterfacesRequest& request, network::InterfaceService& interfaces,
    const Settings& settings) {
  static const gateway::Listing<Interface, v1::DescribeNetworkInterfacesResponse> listing = {
      "interfaces", &Interface::network_interface_id,
      &v1::DescribeNetworkInterfacesResponse::mutable_network_interfaces};
  ASSIGN_OR_RETURN(const auto ids,
                   gateway::NamedIds<EniId>(request, request.network_interface_ids(), "networkInterfaceId"));
  ASSIGN_OR_RETURN(const std::vector<network::InterfaceView> views, interfaces.List(ids));
  std::vector<Interface> rendered;
  rendered.reserve(views.size());
  for (const network::InterfaceView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<network::InterfaceChange> ParseChange(const v1::ModifyNetworkInterfaceAttributeRequest& request) {
  constexpr size_t kMaxDescription = 255;
  const int given = request.has_attachment() + request.has_description() + !request.groups().empty() +
                    request.has_source_dest_check();
  if (given == 0) return ec2::Error("InvalidParameterCombination", "No attributes specified.");
  if (given > 1) {
    return ec2::Error("InvalidParameterCombination",
                      "Fields for multiple attribute types specified: one attribute can be changed in one call");
  }
  network::InterfaceChange change;
  if (request.has_attachment()) {
    change.attachment_id = request.attachment().attachment_id();
    change.delete_on_termination = request.attachment().delete_on_termination();
  }
  if (request.has_description()) {
    change.description = request.description().value();
    if (change.description->size() > kMaxDescription) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The description is too long: it has ", change.description->size(),
                                     " bytes, and at most ", kMaxDescription, " are allowed"));
    }
  }
  if (!request.groups().empty()) {
    ASSIGN_OR_RETURN(change.groups, gateway::ParseIds<SecurityGroupId>(request.groups()));
  }
  if (request.has_source_dest_check()) {
    if (!request.source_dest_check().has_value()) {
      return ec2::Error(ec2::kMissingParameter, "sourceDestCheck.value");
    }
    change.source_dest_check = request.source_dest_check().value();
  }
  return change;
}

absl::Status ModifyNetworkInterfaceAttribute(const v1::ModifyNetworkInterfaceAttributeRequest& request,
                                             network::InterfaceService& interfaces) {
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(const network::InterfaceChange change, ParseChange(request));
  return interfaces.Modify(id, change);
}

}  // namespace

void AddNetworkInterfaceActions(gateway::Actions& actions, network::InterfaceService& interfaces,
                                const Settings& settings) {
  actions.Add(DescribeNetworkInterfaces, interfaces, settings);
  actions.Add(ModifyNetworkInterfaceAttribute, interfaces);
}

}  // namespace brume::ec2
