#include "lib/ec2/network/api/subnet_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/made_facts.h"
#include "lib/ec2/network/api/network_requests.h"
#include "lib/gateway/access.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

v1::SubnetIpv6CidrBlockAssociation RenderIpv6(const Subnet& subnet, const char* state) {
  v1::SubnetIpv6CidrBlockAssociation association;
  association.set_association_id(subnet.ipv6_association_id.text());
  const CidrIpv6 cidr = subnet.cidr_ipv6.value_or(CidrIpv6());
  association.set_ipv6_cidr_block(cidr.text());
  association.mutable_ipv6_cidr_block_state()->set_state(state);
  association.set_ipv6_address_attribute(IsUniqueLocal(cidr) ? "private" : "public");
  association.set_ip_source("amazon");
  return association;
}

v1::Subnet RenderSubnet(const network::SubnetView& view, const Settings& settings) {
  const Subnet& subnet = view.subnet;
  v1::Subnet rendered;
  rendered.set_availability_zone(subnet.availability_zone);
  rendered.set_availability_zone_id(ZoneId(settings, subnet.availability_zone));
  rendered.set_available_ip_address_count(static_cast<int>(view.available_addresses));
  if (!subnet.ipv6_native()) rendered.set_cidr_block(subnet.cidr->text());
  rendered.set_default_for_az(subnet.default_for_az);
  rendered.set_map_public_ip_on_launch(subnet.map_public_ip_on_launch);
  rendered.set_map_customer_owned_ip_on_launch(false);
  rendered.set_state("available");
  rendered.set_subnet_id(subnet.id.text());
  rendered.set_vpc_id(subnet.vpc_id.text());
  rendered.set_owner_id(settings.account_id);
  rendered.set_assign_ipv6_address_on_creation(subnet.assign_ipv6_on_creation);
  if (subnet.cidr_ipv6.has_value()) {
    *rendered.add_ipv6_cidr_block_association_set() = RenderIpv6(subnet, "associated");
  }
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_subnet_arn(
      Arn::In(settings.account(), "ec2", absl::StrCat(SubnetId::kKind.arn_type, "/", subnet.id.text())).text());
  rendered.set_enable_dns64(false);
  rendered.mutable_block_public_access_states()->set_internet_gateway_block_mode("off");
  rendered.set_ipv6_native(subnet.ipv6_native());
  v1::PrivateDnsNameOptionsOnLaunch& names = *rendered.mutable_private_dns_name_options_on_launch();
  names.set_hostname_type(std::string(kHostnameTypeNames.Of(subnet.dns_name_options.hostname_type)));
  names.set_enable_resource_name_dns_a_record(subnet.dns_name_options.a_record);
  names.set_enable_resource_name_dns_aaaa_record(subnet.dns_name_options.aaaa_record);
  return rendered;
}

absl::StatusOr<v1::Subnet> Rendered(network::NetworkService& networks, const SubnetId& id, const Settings& settings) {
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> views, networks.ListSubnets({&id, 1}));
  return RenderSubnet(views.front(), settings);
}

absl::StatusOr<v1::DescribeSubnetsResponse> DescribeSubnets(const v1::DescribeSubnetsRequest& request,
                                                            network::NetworkService& networks,
                                                            const Settings& settings) {
  static const gateway::Listing<v1::Subnet, v1::DescribeSubnetsResponse> listing = {
      "subnets", &v1::Subnet::subnet_id, &v1::DescribeSubnetsResponse::mutable_subnets};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<SubnetId>(request, request.subnet_ids(), "subnetId"));
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> all,
                   networks.ListSubnets(ids, TagsAskedFor(request.filters(), SubnetId::kKind.prefix)));
  std::vector<v1::Subnet> subnets;
  subnets.reserve(all.size());
  for (const network::SubnetView& view : all) subnets.push_back(RenderSubnet(view, settings));
  return gateway::Answer(listing, request, std::move(subnets));
}

// Of which ranges a subnet has, EC2 takes an IPv4 one with or without an IPv6 one, or of an IPv6-only subnet that
// alone.
absl::Status ParseRanges(const v1::CreateSubnetRequest& request, network::SubnetRequest& wanted) {
  if (request.ipv6_native() && !request.cidr_block().empty()) {
    return Error("InvalidParameterCombination",
                 "An IPv6-only subnet has no IPv4 range: cidrBlock and ipv6Native cannot be used together");
  }
  if (request.ipv6_native() && request.ipv6_cidr_block().empty()) return Error(kMissingParameter, "ipv6CidrBlock");
  if (!request.ipv6_native()) {
    if (request.cidr_block().empty()) return Error(kMissingParameter, "cidrBlock");
    ASSIGN_OR_RETURN(wanted.cidr, ParseCidr(request.cidr_block(), "cidrBlock"));
  }
  if (!request.ipv6_cidr_block().empty()) {
    ASSIGN_OR_RETURN(wanted.cidr_ipv6, CidrIpv6::Parse(request.ipv6_cidr_block()));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CreateSubnetResponse> CreateSubnet(const v1::CreateSubnetRequest& request,
                                                      network::NetworkService& networks, network::VpcService& vpcs,
                                                      const Settings& settings) {
  network::SubnetRequest wanted;
  ASSIGN_OR_RETURN(wanted.availability_zone, ParseZone(request));
  ASSIGN_OR_RETURN(wanted.vpc_id, VpcId::Parse(request.vpc_id()));
  RETURN_IF_ERROR(ParseRanges(request, wanted));
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), SubnetId::kKind));
  ASSIGN_OR_RETURN(const Subnet subnet, vpcs.CreateSubnet(wanted));
  v1::CreateSubnetResponse response;
  ASSIGN_OR_RETURN(*response.mutable_subnet(), Rendered(networks, subnet.id, settings));
  return response;
}

absl::StatusOr<v1::CreateDefaultSubnetResponse> CreateDefaultSubnet(const v1::CreateDefaultSubnetRequest& request,
                                                                    network::NetworkService& networks,
                                                                    network::VpcService& vpcs,
                                                                    const Settings& settings) {
  ASSIGN_OR_RETURN(const std::string zone, ParseZone(request));
  if (zone.empty()) return Error(kMissingParameter, "availabilityZone");
  ASSIGN_OR_RETURN(const Subnet subnet, vpcs.CreateDefaultSubnet(zone, request.ipv6_native()));
  v1::CreateDefaultSubnetResponse response;
  ASSIGN_OR_RETURN(*response.mutable_subnet(), Rendered(networks, subnet.id, settings));
  return response;
}

absl::Status DeleteSubnet(const v1::DeleteSubnetRequest& request, network::VpcService& vpcs) {
  ASSIGN_OR_RETURN(const SubnetId id, SubnetId::Parse(request.subnet_id()));
  return vpcs.DeleteSubnet(id);
}

absl::Status ModifySubnetAttribute(const v1::ModifySubnetAttributeRequest& request, network::VpcService& vpcs) {
  ASSIGN_OR_RETURN(const SubnetId id, SubnetId::Parse(request.subnet_id()));
  RETURN_IF_ERROR(CheckOneAttribute(request.has_assign_ipv6_address_on_creation() +
                                        request.has_map_public_ip_on_launch() + request.has_enable_dns64() +
                                        request.has_private_dns_hostname_type_on_launch() +
                                        request.has_enable_resource_name_dns_a_record_on_launch() +
                                        request.has_enable_resource_name_dns_aaaa_record_on_launch(),
                                    "subnet"));
  RETURN_IF_ERROR(RefuseIpv6(request.enable_dns64().value(), "EnableDns64", "names are answered as they are"));
  network::SubnetAttributesChange change;
  if (request.has_assign_ipv6_address_on_creation()) {
    change.assign_ipv6_on_creation = request.assign_ipv6_address_on_creation().value();
  }
  if (request.has_map_public_ip_on_launch()) change.map_public_ip_on_launch = request.map_public_ip_on_launch().value();
  PrivateDnsNameOptionsChange& names = change.dns_name_options;
  if (request.has_private_dns_hostname_type_on_launch()) {
    names.hostname_type = kHostnameTypeNames.Find(request.private_dns_hostname_type_on_launch());
  }
  if (request.has_enable_resource_name_dns_a_record_on_launch()) {
    names.a_record = request.enable_resource_name_dns_a_record_on_launch().value();
  }
  if (request.has_enable_resource_name_dns_aaaa_record_on_launch()) {
    names.aaaa_record = request.enable_resource_name_dns_aaaa_record_on_launch().value();
  }
  return vpcs.ModifySubnet(id, change);
}

absl::StatusOr<v1::AssociateSubnetCidrBlockResponse> AssociateSubnetCidrBlock(
    const v1::AssociateSubnetCidrBlockRequest& request, network::VpcService& vpcs) {
  ASSIGN_OR_RETURN(const SubnetId id, SubnetId::Parse(request.subnet_id()));
  ASSIGN_OR_RETURN(const CidrIpv6 range, CidrIpv6::Parse(request.ipv6_cidr_block()));
  ASSIGN_OR_RETURN(const Subnet subnet, vpcs.AddSubnetIpv6(id, range));
  v1::AssociateSubnetCidrBlockResponse response;
  response.set_subnet_id(id.text());
  // The range is the subnet's when the call ends; EC2 shows it on its way there.
  *response.mutable_ipv6_cidr_block_association() = RenderIpv6(subnet, "associating");
  return response;
}

absl::StatusOr<v1::DisassociateSubnetCidrBlockResponse> DisassociateSubnetCidrBlock(
    const v1::DisassociateSubnetCidrBlockRequest& request, network::VpcService& vpcs) {
  ASSIGN_OR_RETURN(const SubnetCidrAssociationId id, SubnetCidrAssociationId::Parse(request.association_id()));
  ASSIGN_OR_RETURN(const Subnet before, vpcs.RemoveSubnetIpv6(id));
  v1::DisassociateSubnetCidrBlockResponse response;
  response.set_subnet_id(before.id.text());
  *response.mutable_ipv6_cidr_block_association() = RenderIpv6(before, "disassociating");
  return response;
}

// Of the subnet to be made: the first zone is that of a call which names none.
template <typename Request>
void AddZone(const Request& request, const Settings& settings, AccessQuestion& question) {
  const std::string& named =
      request.availability_zone_id().empty() ? request.availability_zone() : request.availability_zone_id();
  const std::string zone = named.empty() ? settings.zones.front() : FindZone(settings, named).value_or(named);
  question.resource_context[ArnOf(settings.account(), SubnetId::kKind, "*")]["ec2:availabilityzone"] = {zone};
}

}  // namespace

void AddSubnetActions(gateway::Actions& actions, network::NetworkService& networks, network::VpcService& vpcs,
                      const Settings& settings) {
  actions.Add(DescribeSubnets, networks, settings);
  const auto in_vpc = MadeInVpc(SubnetId::kKind, settings.account());
  actions.Add(CreateSubnet, networks, vpcs, settings)
      .DescribedBy(
          [in_vpc, &settings](const v1::CreateSubnetRequest& request, AccessQuestion& question) -> absl::Status {
            AddZone(request, settings, question);
            return in_vpc(request, question);
          });
  actions.Add(CreateDefaultSubnet, networks, vpcs, settings)
      .DescribedBy([&settings](const v1::CreateDefaultSubnetRequest& request, AccessQuestion& question) {
        AddZone(request, settings, question);
        return absl::OkStatus();
      });
  actions.Add(DeleteSubnet, vpcs);
  actions.Add(ModifySubnetAttribute, vpcs);
  actions.Add(AssociateSubnetCidrBlock, vpcs);
  // A range is its subnet's, which is what policies name.
  actions.Add(DisassociateSubnetCidrBlock, vpcs)
      .DescribedBy([&vpcs, account = settings.account()](const v1::DisassociateSubnetCidrBlockRequest& request,
                                                         AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const SubnetCidrAssociationId id, SubnetCidrAssociationId::Parse(request.association_id()));
        ASSIGN_OR_RETURN(const SubnetId subnet, vpcs.SubnetOf(id));
        question.resources = {ArnOf(account, subnet)};
        return absl::OkStatus();
      });
}

}  // namespace brume::ec2
