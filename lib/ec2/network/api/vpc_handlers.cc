#include "lib/ec2/network/api/vpc_handlers.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

v1::Vpc RenderVpc(const network::VpcView& view, const Settings& settings) {
  const Vpc& vpc = view.vpc;
  v1::Vpc rendered;
  rendered.set_cidr_block(vpc.cidr.text());
  rendered.set_dhcp_options_id("default");
  rendered.set_state("available");
  rendered.set_vpc_id(vpc.id.text());
  rendered.set_owner_id(settings.account_id);
  rendered.set_instance_tenancy("default");
  rendered.set_is_default(vpc.is_default);
  *rendered.mutable_tags() = RenderTags(view.tags);
  v1::VpcCidrBlockAssociation& association = *rendered.add_cidr_block_association_set();
  // A VPC has one range for its life, so the association's id is the VPC's in other clothes.
  association.set_association_id(absl::StrCat("vpc-cidr-assoc-", vpc.id.text().substr(vpc.id.text().find('-') + 1)));
  association.set_cidr_block(vpc.cidr.text());
  association.mutable_cidr_block_state()->set_state("associated");
  return rendered;
}

absl::StatusOr<v1::DescribeVpcsResponse> DescribeVpcs(const v1::DescribeVpcsRequest& request,
                                                      network::NetworkService& networks, const Settings& settings) {
  static const gateway::Listing<v1::Vpc, v1::DescribeVpcsResponse> listing = {"vpcs", &v1::Vpc::vpc_id,
                                                                              &v1::DescribeVpcsResponse::mutable_vpcs};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<VpcId>(request, request.vpc_ids(), "vpcId"));
  ASSIGN_OR_RETURN(const std::vector<network::VpcView> all, networks.DescribeVpcs(ids));
  std::vector<v1::Vpc> vpcs;
  vpcs.reserve(all.size());
  for (const network::VpcView& view : all) vpcs.push_back(RenderVpc(view, settings));
  return gateway::Answer(listing, request, std::move(vpcs));
}

absl::StatusOr<v1::DescribeVpcAttributeResponse> DescribeVpcAttribute(const v1::DescribeVpcAttributeRequest& request,
                                                                      network::NetworkService& networks) {
  ASSIGN_OR_RETURN(const VpcId id, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(const std::vector<Vpc> found, networks.SelectVpcs({.ids = {{id}}, .tags = {}}));
  if (found.empty()) return id.NotFound();
  v1::DescribeVpcAttributeResponse response;
  response.set_vpc_id(request.vpc_id());
  if (request.attribute() == "enableDnsSupport") {
    response.mutable_enable_dns_support()->set_value(true);
  } else if (request.attribute() == "enableDnsHostnames") {
    response.mutable_enable_dns_hostnames()->set_value(true);
  } else {
    response.mutable_enable_network_address_usage_metrics()->set_value(false);
  }
  return response;
}

v1::Subnet RenderSubnet(const network::SubnetView& view, const Settings& settings) {
  const Subnet& subnet = view.subnet;
  v1::Subnet rendered;
  rendered.set_availability_zone(subnet.availability_zone);
  rendered.set_availability_zone_id(ZoneId(settings, subnet.availability_zone));
  rendered.set_available_ip_address_count(static_cast<int>(view.available_addresses));
  rendered.set_cidr_block(subnet.cidr.text());
  rendered.set_default_for_az(subnet.default_for_az);
  rendered.set_map_public_ip_on_launch(subnet.map_public_ip_on_launch);
  rendered.set_state("available");
  rendered.set_subnet_id(subnet.id.text());
  rendered.set_vpc_id(subnet.vpc_id.text());
  rendered.set_owner_id(settings.account_id);
  rendered.set_assign_ipv6_address_on_creation(false);
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_subnet_arn(
      Arn::In(settings.account(), "ec2", absl::StrCat(SubnetId::kKind.arn_type, "/", subnet.id.text())).text());
  rendered.set_enable_dns64(false);
  rendered.set_ipv6_native(false);
  return rendered;
}

absl::StatusOr<v1::DescribeSubnetsResponse> DescribeSubnets(const v1::DescribeSubnetsRequest& request,
                                                            network::NetworkService& networks,
                                                            const Settings& settings) {
  static const gateway::Listing<v1::Subnet, v1::DescribeSubnetsResponse> listing = {
      "subnets", &v1::Subnet::subnet_id, &v1::DescribeSubnetsResponse::mutable_subnets};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<SubnetId>(request, request.subnet_ids(), "subnetId"));
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> all, networks.ListSubnets(ids));
  std::vector<v1::Subnet> subnets;
  subnets.reserve(all.size());
  for (const network::SubnetView& view : all) subnets.push_back(RenderSubnet(view, settings));
  return gateway::Answer(listing, request, std::move(subnets));
}

}  // namespace

void AddVpcActions(gateway::Actions& actions, network::NetworkService& networks, const Settings& settings) {
  actions.Add(DescribeVpcs, networks, settings);
  actions.Add(DescribeVpcAttribute, networks);
  actions.Add(DescribeSubnets, networks, settings);
}

}  // namespace brume::ec2
