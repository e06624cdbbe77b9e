#include "lib/ec2/network/api/network_interface_handlers.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/network_requests.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/zones.h"
#include "lib/schema/message_fields.h"

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
  for (const Ipv6& address : eni.ipv6) {
    v1::NetworkInterfaceIpv6Address& shown = *rendered.add_ipv6_addresses();
    shown.set_ipv6_address(address.text());
    shown.set_is_primary_ipv6(IsPrimary(eni, address));
  }
  if (const std::string name = PrivateDnsName(eni, settings); !name.empty()) rendered.set_private_dns_name(name);
  if (eni.ipv6_native()) {
    rendered.set_ipv6_native(true);
    return;
  }
  rendered.set_private_ip_address(eni.private_ip->text());
  const SecondaryAddress first = {*eni.private_ip, eni.public_ip, eni.allocation_id, eni.association_id};
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
  if (eni.tracking != ConnectionTracking()) {
    schema::WriteFields(eni.tracking, *rendered.mutable_connection_tracking_configuration());
  }
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
  rendered.mutable_operator_()->set_managed(false);
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
  ASSIGN_OR_RETURN(const std::vector<network::InterfaceView> views,
                   interfaces.List(ids, TagsAskedFor(request.filters(), EniId::kKind.prefix)));
  std::vector<Interface> rendered;
  rendered.reserve(views.size());
  for (const network::InterfaceView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

constexpr size_t kMaxDescription = 255;

absl::Status CheckDescription(absl::string_view text) {
  if (text.size() <= kMaxDescription) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue", absl::StrCat("The description is too long: it has ", text.size(),
                                                          " bytes, and at most ", kMaxDescription, " are allowed"));
}

absl::StatusOr<std::vector<Ipv4>> ParseAddresses(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<Ipv4> addresses;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(addresses.emplace_back(), Ipv4::Parse(text));
  }
  return addresses;
}

absl::Status RefusePrefixes(bool wanted, absl::string_view parameter) {
  if (!wanted) return absl::OkStatus();
  return ec2::Error(
      "UnsupportedOperation",
      absl::StrCat("The parameter ", parameter, " is not supported: interfaces have addresses and no ", "prefixes"));
}

absl::Status ParseCreateAddresses(const v1::CreateNetworkInterfaceRequest& request, network::InterfaceRequest& wanted) {
  if (!request.private_ip_address().empty()) {
    ASSIGN_OR_RETURN(wanted.private_ip, Ipv4::Parse(request.private_ip_address()));
  }
  for (const v1::PrivateIpAddressSpecification& given : request.private_ip_addresses()) {
    ASSIGN_OR_RETURN(const Ipv4 address, Ipv4::Parse(given.private_ip_address()));
    if (!given.primary()) {
      wanted.secondary_ips.push_back(address);
    } else if (wanted.private_ip.has_value() && *wanted.private_ip != address) {
      return ec2::Error("InvalidParameterCombination",
                        "Only one primary private IP address can be specified: by PrivateIpAddress, or with Primary");
    } else {
      wanted.private_ip = address;
    }
  }
  // The same one may be said twice.
  if (wanted.private_ip.has_value()) std::erase(wanted.secondary_ips, *wanted.private_ip);
  wanted.secondary_count = request.secondary_private_ip_address_count();
  const bool several = !wanted.secondary_ips.empty() || request.private_ip_addresses_size() > 1;
  if (wanted.secondary_count == 0 || !several) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "The parameters secondaryPrivateIpAddressCount and secondary privateIpAddresses cannot be used "
                    "together");
}

absl::StatusOr<std::vector<Ipv6>> ParseIpv6Addresses(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<Ipv6> addresses;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(addresses.emplace_back(), Ipv6::Parse(text));
  }
  return addresses;
}

absl::Status BothIpv6() {
  return ec2::Error("InvalidParameterCombination",
                    "The parameters ipv6AddressCount and ipv6Addresses cannot be used together");
}

absl::Status ParseCreateIpv6(const v1::CreateNetworkInterfaceRequest& request, network::InterfaceRequest& wanted) {
  wanted.primary_ipv6 = request.enable_primary_ipv6();
  for (const v1::InstanceIpv6Address& given : request.ipv6_addresses()) {
    if (given.is_primary_ipv6()) {
      return ec2::Error("UnsupportedOperation",
                        "The primary IPv6 address is the first one, where enablePrimaryIpv6 is true");
    }
    ASSIGN_OR_RETURN(wanted.ipv6.emplace_back(), Ipv6::Parse(given.ipv6_address()));
  }
  if (request.has_ipv6_address_count()) wanted.ipv6_count = request.ipv6_address_count();
  return request.ipv6_address_count() > 0 && !wanted.ipv6.empty() ? BothIpv6() : absl::OkStatus();
}

absl::StatusOr<v1::CreateNetworkInterfaceResponse> CreateNetworkInterface(
    const v1::CreateNetworkInterfaceRequest& request, network::InterfaceService& interfaces, const Settings& settings) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  RETURN_IF_ERROR(RefusePrefixes(request.ipv6_prefix_count() > 0, "Ipv6PrefixCount"));
  RETURN_IF_ERROR(RefusePrefixes(request.ipv4_prefix_count() > 0, "Ipv4PrefixCount"));
  if (!request.interface_type().empty() && request.interface_type() != "interface") {
    return ec2::Error("UnsupportedOperation",
                      absl::StrCat("Network interfaces have the interfaceType interface, and not '",
                                   absl::string_view(request.interface_type()).substr(0, 64), "'"));
  }
  network::InterfaceRequest wanted;
  ASSIGN_OR_RETURN(wanted.subnet_id, SubnetId::Parse(request.subnet_id()));
  RETURN_IF_ERROR(ParseCreateAddresses(request, wanted));
  RETURN_IF_ERROR(ParseCreateIpv6(request, wanted));
  ASSIGN_OR_RETURN(wanted.groups, gateway::ParseIds<SecurityGroupId>(request.groups()));
  RETURN_IF_ERROR(CheckDescription(request.description()));
  wanted.description = request.description();
  schema::ReadFields(request.connection_tracking_specification(), wanted.tracking);
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), EniId::kKind));
  wanted.client_token = request.client_token();
  wanted.parameters_digest = gateway::ParametersDigest(request);
  ASSIGN_OR_RETURN(const network::InterfaceView made, interfaces.Create(wanted));
  v1::CreateNetworkInterfaceResponse response;
  *response.mutable_network_interface() = Render(made, settings);
  if (!request.client_token().empty()) response.set_client_token(request.client_token());
  return response;
}

absl::Status DeleteNetworkInterface(const v1::DeleteNetworkInterfaceRequest& request,
                                    network::InterfaceService& interfaces) {
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  return interfaces.Delete(id);
}

absl::StatusOr<v1::DescribeNetworkInterfaceAttributeResponse> DescribeNetworkInterfaceAttribute(
    const v1::DescribeNetworkInterfaceAttributeRequest& request, network::InterfaceService& interfaces,
    const Settings& settings) {
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(const std::vector<network::InterfaceView> views, interfaces.List({&id, 1}));
  const Interface shown = Render(views.front(), settings);
  v1::DescribeNetworkInterfaceAttributeResponse response;
  response.set_network_interface_id(id.text());
  if (request.attribute() == "description") {
    response.mutable_description()->set_value(shown.description());
  } else if (request.attribute() == "groupSet") {
    *response.mutable_groups() = shown.groups();
  } else if (request.attribute() == "sourceDestCheck") {
    response.mutable_source_dest_check()->set_value(shown.source_dest_check());
  } else if (request.attribute() == "associatePublicIpAddress") {
    response.set_associate_public_ip_address(views.front().eni.auto_public_ip);
  } else if (shown.has_attachment()) {
    *response.mutable_attachment() = shown.attachment();
  }
  return response;
}

absl::Status ResetNetworkInterfaceAttribute(const v1::ResetNetworkInterfaceAttributeRequest& request,
                                            network::InterfaceService& interfaces) {
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  network::InterfaceChange change;
  change.source_dest_check = true;
  return interfaces.Modify(id, change);
}

absl::StatusOr<v1::AssignPrivateIpAddressesResponse> AssignPrivateIpAddresses(
    const v1::AssignPrivateIpAddressesRequest& request, network::InterfaceService& interfaces) {
  RETURN_IF_ERROR(RefusePrefixes(request.ipv4_prefix_count() > 0, "Ipv4PrefixCount"));
  const bool by_count = request.has_secondary_private_ip_address_count();
  if (by_count && !request.private_ip_addresses().empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameters secondaryPrivateIpAddressCount and privateIpAddress cannot be used together");
  }
  if (!by_count && request.private_ip_addresses().empty()) {
    return ec2::Error(ec2::kMissingParameter, "privateIpAddress or secondaryPrivateIpAddressCount");
  }
  network::AssignRequest wanted;
  ASSIGN_OR_RETURN(wanted.eni_id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(wanted.addresses, ParseAddresses(request.private_ip_addresses()));
  wanted.count = request.secondary_private_ip_address_count();
  wanted.allow_reassignment = request.allow_reassignment();
  ASSIGN_OR_RETURN(const std::vector<Ipv4> assigned, interfaces.Assign(wanted));
  v1::AssignPrivateIpAddressesResponse response;
  response.set_network_interface_id(wanted.eni_id.text());
  for (const Ipv4 address : assigned)
    response.add_assigned_private_ip_addresses()->set_private_ip_address(address.text());
  return response;
}

absl::Status UnassignPrivateIpAddresses(const v1::UnassignPrivateIpAddressesRequest& request,
                                        network::InterfaceService& interfaces) {
  if (request.private_ip_addresses().empty()) return ec2::Error(ec2::kMissingParameter, "privateIpAddress");
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(const std::vector<Ipv4> addresses, ParseAddresses(request.private_ip_addresses()));
  return interfaces.Unassign(id, addresses);
}

absl::StatusOr<v1::AssignIpv6AddressesResponse> AssignIpv6Addresses(const v1::AssignIpv6AddressesRequest& request,
                                                                    network::InterfaceService& interfaces) {
  RETURN_IF_ERROR(RefusePrefixes(request.ipv6_prefix_count() > 0, "Ipv6PrefixCount"));
  if (request.has_ipv6_address_count() && !request.ipv6_addresses().empty()) return BothIpv6();
  if (!request.has_ipv6_address_count() && request.ipv6_addresses().empty()) {
    return ec2::Error(ec2::kMissingParameter, "ipv6Addresses or ipv6AddressCount");
  }
  network::AssignIpv6Request wanted;
  ASSIGN_OR_RETURN(wanted.eni_id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(wanted.addresses, ParseIpv6Addresses(request.ipv6_addresses()));
  wanted.count = request.ipv6_address_count();
  ASSIGN_OR_RETURN(const std::vector<Ipv6> assigned, interfaces.AssignIpv6(wanted));
  v1::AssignIpv6AddressesResponse response;
  response.set_network_interface_id(wanted.eni_id.text());
  for (const Ipv6& address : assigned) response.add_assigned_ipv6_addresses(address.text());
  return response;
}

absl::StatusOr<v1::UnassignIpv6AddressesResponse> UnassignIpv6Addresses(const v1::UnassignIpv6AddressesRequest& request,
                                                                        network::InterfaceService& interfaces) {
  if (request.ipv6_addresses().empty()) return ec2::Error(ec2::kMissingParameter, "ipv6Addresses");
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(const std::vector<Ipv6> addresses, ParseIpv6Addresses(request.ipv6_addresses()));
  RETURN_IF_ERROR(interfaces.UnassignIpv6(id, addresses));
  v1::UnassignIpv6AddressesResponse response;
  response.set_network_interface_id(id.text());
  for (const Ipv6& address : addresses) response.add_unassigned_ipv6_addresses(address.text());
  return response;
}

absl::StatusOr<network::InterfaceChange> ParseChange(const v1::ModifyNetworkInterfaceAttributeRequest& request) {
  const int given = request.has_attachment() + request.has_description() + !request.groups().empty() +
                    request.has_source_dest_check() + request.has_connection_tracking_specification() +
                    request.has_enable_primary_ipv6() + request.has_associate_public_ip_address();
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
    RETURN_IF_ERROR(CheckDescription(*change.description));
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
  if (request.has_enable_primary_ipv6()) change.primary_ipv6 = request.enable_primary_ipv6();
  if (request.has_connection_tracking_specification()) {
    schema::ReadFields(request.connection_tracking_specification(), change.tracking.emplace());
    if (*change.tracking == ConnectionTracking()) {
      return ec2::Error(ec2::kMissingParameter,
                        "connectionTrackingSpecification.tcpEstablishedTimeout, "
                        "udpStreamTimeout or udpTimeout");
    }
  }
  return change;
}

absl::Status ModifyNetworkInterfaceAttribute(const v1::ModifyNetworkInterfaceAttributeRequest& request,
                                             network::InterfaceService& interfaces,
                                             network::AddressService& addresses) {
  ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(const network::InterfaceChange change, ParseChange(request));
  if (request.has_associate_public_ip_address()) {
    return addresses.SetAutoPublicIp(id, request.associate_public_ip_address());
  }
  return interfaces.Modify(id, change);
}

}  // namespace

void AddNetworkInterfaceActions(gateway::Actions& actions, network::InterfaceService& interfaces,
                                network::AddressService& addresses, const Settings& settings) {
  actions.Add(DescribeNetworkInterfaces, interfaces, settings);
  // The instance that it is in is changed too.
  const auto by_id = [&interfaces, account = settings.account()](const auto& request,
                                                                 AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
    ASSIGN_OR_RETURN(const std::vector<network::InterfaceView> views, interfaces.List({&id, 1}));
    for (const network::InterfaceView& view : views) {
      if (!view.eni.instance_id.empty()) question.AddResource(ArnOf(account, view.eni.instance_id));
    }
    return absl::OkStatus();
  };
  // It is in its subnet's VPC and zone, and in the VPC's default group where the call names none.
  const auto by_subnet = [&interfaces, account = settings.account()](const v1::CreateNetworkInterfaceRequest& request,
                                                                     AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const SubnetId id, SubnetId::Parse(request.subnet_id()));
    ASSIGN_OR_RETURN(const Subnet subnet, interfaces.SubnetOf(id));
    AccessContext& facts = question.resource_context[ArnOf(account, EniId::kKind, "*")];
    facts["ec2:subnet"] = {ArnOf(account, subnet.id)};
    facts["ec2:vpc"] = {ArnOf(account, subnet.vpc_id)};
    facts["ec2:availabilityzone"] = {subnet.availability_zone};
    if (!request.groups().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, interfaces.DefaultGroupsOf(id));
    for (const SecurityGroupId& group : groups) question.AddResource(ArnOf(account, group));
    return absl::OkStatus();
  };
  actions.Add(CreateNetworkInterface, interfaces, settings).DescribedBy(by_subnet);
  actions.Add(DeleteNetworkInterface, interfaces);
  actions.Add(DescribeNetworkInterfaceAttribute, interfaces, settings);
  actions.Add(ModifyNetworkInterfaceAttribute, interfaces, addresses)
      .DescribedBy([by_id, account = settings.account()](const v1::ModifyNetworkInterfaceAttributeRequest& request,
                                                         AccessQuestion& question) -> absl::Status {
        RETURN_IF_ERROR(by_id(request, question));
        if (!request.has_associate_public_ip_address()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const EniId id, EniId::Parse(request.network_interface_id()));
        question.resource_context[ArnOf(account, id)]["ec2:associatepublicipaddress"] = {
            std::string(gateway::FilterText(request.associate_public_ip_address()))};
        return absl::OkStatus();
      });
  actions.Add(ResetNetworkInterfaceAttribute, interfaces).DescribedBy(by_id);
  actions.Add(AssignPrivateIpAddresses, interfaces).DescribedBy(by_id);
  actions.Add(UnassignPrivateIpAddresses, interfaces).DescribedBy(by_id);
  actions.Add(AssignIpv6Addresses, interfaces).DescribedBy(by_id);
  actions.Add(UnassignIpv6Addresses, interfaces).DescribedBy(by_id);
}

}  // namespace brume::ec2
