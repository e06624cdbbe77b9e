#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/model/zones.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/tagging/api/tag_messages.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.Vpcs";

absl::StatusOr<std::map<std::string, TagMap>> TagsByResource(tagging::TagService& tags) {
  ASSIGN_OR_RETURN(const std::vector<Tag> all, tags.List());
  std::map<std::string, TagMap> by_resource;
  for (const Tag& tag : all) by_resource[tag.resource_id][tag.key] = tag.value;
  return by_resource;
}

v1::Vpc RenderVpc(const Vpc& vpc, const TagMap& tags, const Settings& settings) {
  v1::Vpc rendered;
  rendered.set_cidr_block(vpc.cidr.text());
  rendered.set_dhcp_options_id("default");
  rendered.set_state("available");
  rendered.set_vpc_id(vpc.id.text());
  rendered.set_owner_id(settings.account_id);
  rendered.set_instance_tenancy("default");
  rendered.set_is_default(vpc.is_default);
  *rendered.mutable_tags() = RenderTags(tags);
  v1::VpcCidrBlockAssociation& association = *rendered.add_cidr_block_association_set();
  // A VPC has one range for its life, so the association's id is the VPC's in other clothes.
  association.set_association_id(absl::StrCat("vpc-cidr-assoc-", vpc.id.text().substr(vpc.id.text().find('-') + 1)));
  association.set_cidr_block(vpc.cidr.text());
  association.mutable_cidr_block_state()->set_state("associated");
  return rendered;
}

const gateway::FilterTable<v1::Vpc>& VpcFilters() {
  using V = v1::Vpc;
  const auto ranges = [](const V& v) { return v.cidr_block_association_set(); };
  using Range = v1::VpcCidrBlockAssociation;
  const auto cidr = gateway::One<V>([](const V& v) { return v.cidr_block(); });
  const auto is_default = gateway::One<V>([](const V& v) { return v.is_default(); });
  static const gateway::FilterTable<V> table(
      {
          {"cidr", cidr},
          {"cidr-block", cidr},
          {"cidr-block-association.association-id",
           gateway::Each<V>(ranges, [](const Range& r) { return r.association_id(); })},
          {"cidr-block-association.cidr-block",
           gateway::Each<V>(ranges, [](const Range& r) { return r.cidr_block(); })},
          {"cidr-block-association.state",
           gateway::Each<V>(ranges, [](const Range& r) { return r.cidr_block_state().state(); })},
          {"dhcp-options-id", gateway::One<V>([](const V& v) { return v.dhcp_options_id(); })},
          {"is-default", is_default},
          {"isDefault", is_default},
          {"ipv6-cidr-block-association.association-id", gateway::Nothing<V>()},
          {"ipv6-cidr-block-association.ipv6-cidr-block", gateway::Nothing<V>()},
          {"ipv6-cidr-block-association.state", gateway::Nothing<V>()},
          {"owner-id", gateway::One<V>([](const V& v) { return v.owner_id(); })},
          {"state", gateway::One<V>([](const V& v) { return v.state(); })},
          {"vpc-id", gateway::One<V>([](const V& v) { return v.vpc_id(); })},
      },
      [](const V& v) { return TagsOf(v.tags()); });
  return table;
}

absl::StatusOr<v1::DescribeVpcsResponse> DescribeVpcs(const api::Services& services,
                                                      const v1::DescribeVpcsRequest& request) {
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.vpc_ids().empty(), "vpcId"));
  ASSIGN_OR_RETURN(const std::vector<Vpc> all, services.networks.ListVpcs());
  ASSIGN_OR_RETURN(auto tags, TagsByResource(services.tags));
  std::vector<v1::Vpc> vpcs;
  for (const Vpc& vpc : all) vpcs.push_back(RenderVpc(vpc, tags[vpc.id.text()], services.settings));
  const auto key = [](const v1::Vpc& vpc) { return vpc.vpc_id(); };
  RETURN_IF_ERROR(gateway::Select<VpcId>(request.vpc_ids(), vpcs, key));
  v1::DescribeVpcsResponse response;
  ASSIGN_OR_RETURN(vpcs, gateway::FilteredPage("vpcs", std::move(vpcs), VpcFilters(), request, response, key));
  for (v1::Vpc& vpc : vpcs) *response.add_vpcs() = std::move(vpc);
  return response;
}

absl::StatusOr<v1::DescribeVpcAttributeResponse> DescribeAttribute(const api::Services& services,
                                                                   const v1::DescribeVpcAttributeRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<Vpc> all, services.networks.ListVpcs());
  const auto named = [&](const Vpc& vpc) { return vpc.id.text() == request.vpc_id(); };
  if (std::none_of(all.begin(), all.end(), named)) return VpcId::NotFound(request.vpc_id());
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

v1::Subnet RenderSubnet(const network::SubnetView& view, const TagMap& tags, const Settings& settings) {
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
  *rendered.mutable_tags() = RenderTags(tags);
  rendered.set_subnet_arn(
      absl::StrCat("arn:aws:ec2:", settings.region, ":", settings.account_id, ":subnet/", subnet.id.text()));
  rendered.set_enable_dns64(false);
  rendered.set_ipv6_native(false);
  return rendered;
}

const gateway::FilterTable<v1::Subnet>& SubnetFilters() {
  using S = v1::Subnet;
  const auto zone = gateway::One<S>([](const S& s) { return s.availability_zone(); });
  const auto cidr = gateway::One<S>([](const S& s) { return s.cidr_block(); });
  const auto for_zone = gateway::One<S>([](const S& s) { return s.default_for_az(); });
  static const gateway::FilterTable<S> table(
      {
          {"availability-zone", zone},
          {"availability-zone-id", gateway::One<S>([](const S& s) { return s.availability_zone_id(); })},
          {"availabilityZone", zone},
          {"available-ip-address-count", gateway::One<S>([](const S& s) { return s.available_ip_address_count(); })},
          {"cidr", cidr},
          {"cidr-block", cidr},
          {"cidrBlock", cidr},
          {"default-for-az", for_zone},
          {"defaultForAz", for_zone},
          {"enable-dns64", gateway::One<S>([](const S& s) { return s.enable_dns64(); })},
          {"ipv6-native", gateway::One<S>([](const S& s) { return s.ipv6_native(); })},
          {"map-public-ip-on-launch", gateway::One<S>([](const S& s) { return s.map_public_ip_on_launch(); })},
          {"owner-id", gateway::One<S>([](const S& s) { return s.owner_id(); })},
          {"state", gateway::One<S>([](const S& s) { return s.state(); })},
          {"subnet-arn", gateway::One<S>([](const S& s) { return s.subnet_arn(); })},
          {"subnet-id", gateway::One<S>([](const S& s) { return s.subnet_id(); })},
          {"vpc-id", gateway::One<S>([](const S& s) { return s.vpc_id(); })},
      },
      [](const S& s) { return TagsOf(s.tags()); });
  return table;
}

absl::StatusOr<v1::DescribeSubnetsResponse> DescribeSubnets(const api::Services& services,
                                                            const v1::DescribeSubnetsRequest& request) {
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.subnet_ids().empty(), "subnetId"));
  ASSIGN_OR_RETURN(const std::vector<network::SubnetView> all, services.networks.ListSubnets());
  ASSIGN_OR_RETURN(auto tags, TagsByResource(services.tags));
  std::vector<v1::Subnet> subnets;
  for (const network::SubnetView& view : all) {
    subnets.push_back(RenderSubnet(view, tags[view.subnet.id.text()], services.settings));
  }
  const auto key = [](const v1::Subnet& subnet) { return subnet.subnet_id(); };
  RETURN_IF_ERROR(gateway::Select<SubnetId>(request.subnet_ids(), subnets, key));
  v1::DescribeSubnetsResponse response;
  ASSIGN_OR_RETURN(subnets,
                   gateway::FilteredPage("subnets", std::move(subnets), SubnetFilters(), request, response, key));
  for (v1::Subnet& subnet : subnets) *response.add_subnets() = std::move(subnet);
  return response;
}

}  // namespace

void AddVpcHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::DescribeVpcsRequest, v1::DescribeVpcsResponse>(
      kService, "DescribeVpcs",
      [services](const v1::DescribeVpcsRequest& request, const Caller&) { return DescribeVpcs(services, request); });
  dispatcher.Handle<v1::DescribeVpcAttributeRequest, v1::DescribeVpcAttributeResponse>(
      kService, "DescribeVpcAttribute", [services](const v1::DescribeVpcAttributeRequest& request, const Caller&) {
        return DescribeAttribute(services, request);
      });
  dispatcher.Handle<v1::DescribeSubnetsRequest, v1::DescribeSubnetsResponse>(
      kService, "DescribeSubnets", [services](const v1::DescribeSubnetsRequest& request, const Caller&) {
        return DescribeSubnets(services, request);
      });
}

}  // namespace brume::ec2
