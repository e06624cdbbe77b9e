#include "lib/ec2/network/api/vpc_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/network_requests.h"
#include "lib/gateway/access.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"

namespace brume::ec2 {
namespace {

v1::VpcCidrBlockAssociation RenderCidr(absl::string_view id, const Cidr& cidr, const char* state) {
  v1::VpcCidrBlockAssociation association;
  association.set_association_id(std::string(id));
  association.set_cidr_block(cidr.text());
  association.mutable_cidr_block_state()->set_state(state);
  return association;
}

// EC2's word for a VPC that has no set.
constexpr char kNoDhcpOptions[] = "default";

v1::VpcIpv6CidrBlockAssociation RenderIpv6Cidr(const VpcIpv6Cidr& cidr, const char* state, const Settings& settings) {
  v1::VpcIpv6CidrBlockAssociation association;
  association.set_association_id(cidr.id.text());
  association.set_ipv6_cidr_block(cidr.cidr.text());
  association.mutable_ipv6_cidr_block_state()->set_state(state);
  association.set_network_border_group(settings.region);
  association.set_ipv6_pool("Amazon");
  association.set_ipv6_address_attribute(IsUniqueLocal(cidr.cidr) ? "private" : "public");
  association.set_ip_source("amazon");
  return association;
}

v1::Vpc RenderVpc(const network::VpcView& view, const Settings& settings) {
  const Vpc& vpc = view.vpc;
  v1::Vpc rendered;
  rendered.set_cidr_block(vpc.cidr.text());
  rendered.set_dhcp_options_id(vpc.dhcp_options_id.empty() ? kNoDhcpOptions : vpc.dhcp_options_id.text());
  rendered.set_state("available");
  rendered.set_vpc_id(vpc.id.text());
  rendered.set_owner_id(settings.account_id);
  rendered.set_instance_tenancy("default");
  rendered.set_is_default(vpc.is_default);
  rendered.mutable_block_public_access_states()->set_internet_gateway_block_mode("off");
  *rendered.mutable_tags() = RenderTags(view.tags);
  // Its first range is the VPC's for its life, so the association's id is the VPC's in other clothes.
  *rendered.add_cidr_block_association_set() =
      RenderCidr(gateway::IdLike(VpcCidrAssociationId::kKind.prefix, vpc.id.text()), vpc.cidr, "associated");
  for (const VpcCidr& cidr : view.cidrs) {
    *rendered.add_cidr_block_association_set() = RenderCidr(cidr.id.text(), cidr.cidr, "associated");
  }
  for (const VpcIpv6Cidr& cidr : view.ipv6_cidrs) {
    *rendered.add_ipv6_cidr_block_association_set() = RenderIpv6Cidr(cidr, "associated", settings);
  }
  return rendered;
}

absl::StatusOr<v1::Vpc> Rendered(network::NetworkService& networks, const VpcId& id, const Settings& settings) {
  ASSIGN_OR_RETURN(const std::vector<network::VpcView> views, networks.DescribeVpcs({&id, 1}));
  return RenderVpc(views.front(), settings);
}

absl::StatusOr<v1::DescribeVpcsResponse> DescribeVpcs(const v1::DescribeVpcsRequest& request,
                                                      network::NetworkService& networks, const Settings& settings) {
  static const gateway::Listing<v1::Vpc, v1::DescribeVpcsResponse> listing = {"vpcs", &v1::Vpc::vpc_id,
                                                                              &v1::DescribeVpcsResponse::mutable_vpcs};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<VpcId>(request, request.vpc_ids(), "vpcId"));
  ASSIGN_OR_RETURN(const std::vector<network::VpcView> all,
                   networks.DescribeVpcs(ids, TagsAskedFor(request.filters(), VpcId::kKind.prefix)));
  std::vector<v1::Vpc> vpcs;
  vpcs.reserve(all.size());
  for (const network::VpcView& view : all) vpcs.push_back(RenderVpc(view, settings));
  return gateway::Answer(listing, request, std::move(vpcs));
}

absl::StatusOr<v1::DescribeVpcAttributeResponse> DescribeVpcAttribute(const v1::DescribeVpcAttributeRequest& request,
                                                                      network::NetworkService& networks) {
  ASSIGN_OR_RETURN(const VpcId id, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(const std::vector<network::VpcView> found, networks.DescribeVpcs({&id, 1}));
  const VpcAttributes& attributes = found.front().vpc.attributes;
  v1::DescribeVpcAttributeResponse response;
  response.set_vpc_id(request.vpc_id());
  if (request.attribute() == "enableDnsSupport") {
    response.mutable_enable_dns_support()->set_value(attributes.dns_support);
  } else if (request.attribute() == "enableDnsHostnames") {
    response.mutable_enable_dns_hostnames()->set_value(attributes.dns_hostnames);
  } else {
    response.mutable_enable_network_address_usage_metrics()->set_value(attributes.address_usage_metrics);
  }
  return response;
}

// It is said of the IPv6 range that comes with the call.
template <typename Request>
absl::Status CheckIpv6Group(const Request& request, const Settings& settings) {
  const std::string& group = request.ipv6_cidr_block_network_border_group();
  if (!group.empty() && !request.amazon_provided_ipv6_cidr_block()) {
    return Error("InvalidParameterCombination",
                 "The parameter ipv6CidrBlockNetworkBorderGroup needs amazonProvidedIpv6CidrBlock");
  }
  return CheckBorderGroup(group, "ipv6CidrBlockNetworkBorderGroup", settings);
}

absl::StatusOr<v1::CreateVpcResponse> CreateVpc(const v1::CreateVpcRequest& request, network::NetworkService& networks,
                                                network::VpcService& vpcs, const Settings& settings) {
  RETURN_IF_ERROR(RefuseOwnIpv6(request.ipv6_cidr_block()));
  RETURN_IF_ERROR(CheckIpv6Group(request, settings));
  if (request.has_instance_tenancy() && request.instance_tenancy() != "default") {
    return Error("UnsupportedOperation", absl::StrCat("The tenancy '", request.instance_tenancy(),
                                                      "' is not supported: all instances share this one host"));
  }
  ASSIGN_OR_RETURN(const Cidr cidr, ParseCidr(request.cidr_block(), "cidrBlock"));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), VpcId::kKind));
  ASSIGN_OR_RETURN(const Vpc vpc, vpcs.CreateVpc(cidr, tags, request.amazon_provided_ipv6_cidr_block()));
  v1::CreateVpcResponse response;
  ASSIGN_OR_RETURN(*response.mutable_vpc(), Rendered(networks, vpc.id, settings));
  return response;
}

absl::StatusOr<v1::CreateDefaultVpcResponse> CreateDefaultVpc(const v1::CreateDefaultVpcRequest&,
                                                              network::NetworkService& networks,
                                                              network::VpcService& vpcs, const Settings& settings) {
  ASSIGN_OR_RETURN(const Vpc vpc, vpcs.CreateDefaultVpc());
  v1::CreateDefaultVpcResponse response;
  ASSIGN_OR_RETURN(*response.mutable_vpc(), Rendered(networks, vpc.id, settings));
  return response;
}

absl::Status DeleteVpc(const v1::DeleteVpcRequest& request, network::VpcService& vpcs) {
  ASSIGN_OR_RETURN(const VpcId id, VpcId::Parse(request.vpc_id()));
  return vpcs.DeleteVpc(id);
}

absl::Status ModifyVpcAttribute(const v1::ModifyVpcAttributeRequest& request, network::VpcService& vpcs) {
  ASSIGN_OR_RETURN(const VpcId id, VpcId::Parse(request.vpc_id()));
  RETURN_IF_ERROR(CheckOneAttribute(request.has_enable_dns_hostnames() + request.has_enable_dns_support() +
                                        request.has_enable_network_address_usage_metrics(),
                                    "VPC"));
  network::VpcAttributesChange change;
  if (request.has_enable_dns_hostnames()) change.dns_hostnames = request.enable_dns_hostnames().value();
  if (request.has_enable_dns_support()) change.dns_support = request.enable_dns_support().value();
  if (request.has_enable_network_address_usage_metrics()) {
    change.address_usage_metrics = request.enable_network_address_usage_metrics().value();
  }
  return vpcs.ModifyVpc(id, change);
}

absl::StatusOr<v1::AssociateVpcCidrBlockResponse> AssociateVpcCidrBlock(const v1::AssociateVpcCidrBlockRequest& request,
                                                                        network::VpcService& vpcs,
                                                                        const Settings& settings) {
  RETURN_IF_ERROR(RefuseOwnIpv6(request.ipv6_cidr_block()));
  RETURN_IF_ERROR(CheckIpv6Group(request, settings));
  ASSIGN_OR_RETURN(const VpcId id, VpcId::Parse(request.vpc_id()));
  if (request.amazon_provided_ipv6_cidr_block()) {
    if (!request.cidr_block().empty()) {
      return Error("InvalidParameterCombination",
                   "The parameters cidrBlock and amazonProvidedIpv6CidrBlock cannot be used together");
    }
    ASSIGN_OR_RETURN(const VpcIpv6Cidr added, vpcs.AddIpv6Cidr(id));
    v1::AssociateVpcCidrBlockResponse response;
    response.set_vpc_id(id.text());
    *response.mutable_ipv6_cidr_block_association() = RenderIpv6Cidr(added, "associating", settings);
    return response;
  }
  ASSIGN_OR_RETURN(const Cidr cidr, ParseCidr(request.cidr_block(), "cidrBlock"));
  ASSIGN_OR_RETURN(const VpcCidr added, vpcs.AddCidr(id, cidr));
  v1::AssociateVpcCidrBlockResponse response;
  response.set_vpc_id(id.text());
  // The range is the VPC's when the call ends; EC2 shows it on its way there.
  *response.mutable_cidr_block_association() = RenderCidr(added.id.text(), added.cidr, "associating");
  return response;
}

absl::StatusOr<v1::DisassociateVpcCidrBlockResponse> DisassociateVpcCidrBlock(
    const v1::DisassociateVpcCidrBlockRequest& request, network::VpcService& vpcs, const Settings& settings) {
  ASSIGN_OR_RETURN(const VpcCidrAssociationId id, VpcCidrAssociationId::Parse(request.association_id()));
  ASSIGN_OR_RETURN(const std::optional<VpcIpv6Cidr> ipv6, vpcs.RemoveIpv6Cidr(id));
  if (ipv6.has_value()) {
    v1::DisassociateVpcCidrBlockResponse response;
    response.set_vpc_id(ipv6->vpc_id.text());
    *response.mutable_ipv6_cidr_block_association() = RenderIpv6Cidr(*ipv6, "disassociating", settings);
    return response;
  }
  ASSIGN_OR_RETURN(const VpcCidr removed, vpcs.RemoveCidr(id));
  v1::DisassociateVpcCidrBlockResponse response;
  response.set_vpc_id(removed.vpc_id.text());
  *response.mutable_cidr_block_association() = RenderCidr(removed.id.text(), removed.cidr, "disassociating");
  return response;
}

}  // namespace

void AddVpcActions(gateway::Actions& actions, network::NetworkService& networks, network::VpcService& vpcs,
                   const Settings& settings) {
  actions.Add(DescribeVpcs, networks, settings);
  actions.Add(DescribeVpcAttribute, networks);
  actions.Add(CreateVpc, networks, vpcs, settings);
  actions.Add(CreateDefaultVpc, networks, vpcs, settings);
  actions.Add(DeleteVpc, vpcs);
  actions.Add(ModifyVpcAttribute, vpcs);
  actions.Add(AssociateVpcCidrBlock, vpcs, settings);
  // A range is its VPC's, which is what policies name.
  actions.Add(DisassociateVpcCidrBlock, vpcs, settings)
      .DescribedBy([&vpcs, account = settings.account()](const v1::DisassociateVpcCidrBlockRequest& request,
                                                         AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const VpcCidrAssociationId id, VpcCidrAssociationId::Parse(request.association_id()));
        ASSIGN_OR_RETURN(const VpcId vpc, vpcs.VpcOf(id));
        question.resources = {ArnOf(account, vpc)};
        return absl::OkStatus();
      });
}

}  // namespace brume::ec2
