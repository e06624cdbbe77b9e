#include "lib/ec2/network/default_network.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/network/tables/security_group_table.h"

namespace brume::network {
namespace {

// EC2's default VPC is a /16 with /20 subnets; the same proportion whatever the configured range.
constexpr int kSubnetBits = 4;

absl::Status InsertDefaultGroup(store::Connection& connection, const Vpc& vpc, Random& random) {
  SecurityGroupTable groups(connection);
  const SecurityGroup group{.id = SecurityGroupId::New(random),
                            .vpc_id = vpc.id,
                            .name = "default",
                            .description = "default VPC security group"};
  RETURN_IF_ERROR(groups.Insert(group));

  SecurityGroupRule from_members;
  from_members.id = SecurityGroupRuleId::New(random);
  from_members.group_id = group.id;
  from_members.referenced_group = group.id;
  RETURN_IF_ERROR(groups.InsertRule(from_members));

  SecurityGroupRule to_everywhere;
  to_everywhere.id = SecurityGroupRuleId::New(random);
  to_everywhere.group_id = group.id;
  to_everywhere.egress = true;
  to_everywhere.cidr = Cidr{};
  return groups.InsertRule(to_everywhere);
}

absl::Status InsertDefaultAcl(store::Connection& connection, const Vpc& vpc, Random& random) {
  NetworkAclTable acls(connection);
  const NetworkAcl acl{.id = NetworkAclId::New(random), .vpc_id = vpc.id, .is_default = true};
  RETURN_IF_ERROR(acls.Insert(acl));
  for (const bool egress : {false, true}) {
    NetworkAclEntry entry;
    entry.acl_id = acl.id;
    entry.egress = egress;
    entry.number = kFirstAclEntry;
    entry.allow = true;
    RETURN_IF_ERROR(acls.InsertEntry(entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<RouteTable> InsertMainTable(store::Connection& connection, const Vpc& vpc, Random& random) {
  RoutingTable routing(connection);
  RouteTable table{.id = RouteTableId::New(random), .vpc_id = vpc.id, .number = 1};
  RETURN_IF_ERROR(routing.InsertTable(table));
  RETURN_IF_ERROR(routing.InsertAssociation(
      {.id = RouteTableAssociationId::New(random), .table_id = table.id, .vpc_id = vpc.id, .subnet_id = {}}));
  return table;
}

absl::StatusOr<RouteTable> InsertParts(store::Connection& connection, Vpc& vpc, const Settings& settings,
                                       Random& random) {
  ASSIGN_OR_RETURN(const DhcpOptions options, EnsureDefaultDhcpOptions(connection, PrivateDomain(settings), random));
  vpc.dhcp_options_id = options.id;
  RETURN_IF_ERROR(NetworkTable(connection).InsertVpc(vpc));
  RETURN_IF_ERROR(InsertDefaultGroup(connection, vpc, random));
  RETURN_IF_ERROR(InsertDefaultAcl(connection, vpc, random));
  return InsertMainTable(connection, vpc, random);
}

std::optional<Cidr> NextBlock(const Vpc& vpc, const std::vector<Subnet>& subnets) {
  const int prefix_length = vpc.cidr.prefix_length + kSubnetBits;
  for (uint64_t base = vpc.cidr.base.value; base <= vpc.cidr.last().value;
       base += uint64_t{1} << (32 - prefix_length)) {
    const Cidr block{Ipv4{static_cast<uint32_t>(base)}, prefix_length};
    const bool taken = std::any_of(subnets.begin(), subnets.end(),
                                   [&](const Subnet& s) { return !s.ipv6_native() && s.cidr->Overlaps(block); });
    if (!taken) return block;
  }
  return std::nullopt;
}

}  // namespace

absl::Status InsertVpc(store::Connection& connection, Vpc& vpc, const Settings& settings, Random& random) {
  return InsertParts(connection, vpc, settings, random).status();
}

absl::StatusOr<Vpc> InsertDefaultVpc(store::Connection& connection, const Settings& settings, Random& random) {
  Vpc vpc{.id = VpcId::New(random),
          .cidr = settings.default_vpc_cidr,
          .is_default = true,
          .attributes = {.dns_hostnames = true}};
  ASSIGN_OR_RETURN(const RouteTable main, InsertParts(connection, vpc, settings, random));
  RoutingTable routing(connection);
  const InternetGateway gateway{.id = InternetGatewayId::New(random), .vpc_id = vpc.id};
  RETURN_IF_ERROR(routing.InsertGateway(gateway));
  RETURN_IF_ERROR(routing.InsertRoute(
      {.table_id = main.id, .destination = {}, .target = {.gateway_id = gateway.id, .eni_id = {}}}));
  return vpc;
}

absl::Status InsertSubnet(store::Connection& connection, const Subnet& subnet, Random& random) {
  RETURN_IF_ERROR(NetworkTable(connection).InsertSubnet(subnet));
  NetworkAclTable acls(connection);
  ASSIGN_OR_RETURN(const std::optional<NetworkAcl> acl, acls.DefaultOf(subnet.vpc_id));
  if (!acl.has_value()) return absl::InternalError(absl::StrCat(subnet.vpc_id.text(), " has no default network ACL"));
  return acls.InsertAssociation(
      {.id = NetworkAclAssociationId::New(random), .acl_id = acl->id, .subnet_id = subnet.id});
}

absl::StatusOr<std::optional<Subnet>> InsertDefaultSubnet(store::Connection& connection, const Vpc& vpc,
                                                          absl::string_view zone, Random& random) {
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(vpc.id));
  const std::optional<Cidr> block = NextBlock(vpc, subnets);
  if (!block.has_value()) return std::optional<Subnet>();
  Subnet subnet{.id = SubnetId::New(random),
                .vpc_id = vpc.id,
                .cidr = *block,
                .availability_zone = std::string(zone),
                .default_for_az = true,
                .map_public_ip_on_launch = true,
                .dns_name_options = {}};
  RETURN_IF_ERROR(InsertSubnet(connection, subnet, random));
  return std::optional<Subnet>(std::move(subnet));
}

void SetIpv6Range(Subnet& subnet, const CidrIpv6& range, Random& random) {
  subnet.cidr_ipv6 = range;
  subnet.ipv6_association_id = SubnetCidrAssociationId::New(random);
  if (!subnet.ipv6_native()) return;
  subnet.assign_ipv6_on_creation = true;
  subnet.dns_name_options = {.hostname_type = HostnameType::kResourceName, .aaaa_record = true};
}

absl::StatusOr<std::optional<Subnet>> InsertIpv6OnlyDefaultSubnet(store::Connection& connection, const Vpc& vpc,
                                                                  absl::string_view zone, Random& random) {
  ASSIGN_OR_RETURN(const std::optional<CidrIpv6> range, FreeSubnetIpv6(connection, vpc.id));
  if (!range.has_value()) return std::optional<Subnet>();
  Subnet subnet;
  subnet.id = SubnetId::New(random);
  subnet.vpc_id = vpc.id;
  subnet.availability_zone = std::string(zone);
  subnet.default_for_az = true;
  SetIpv6Range(subnet, *range, random);
  RETURN_IF_ERROR(InsertSubnet(connection, subnet, random));
  return std::optional<Subnet>(std::move(subnet));
}

absl::StatusOr<std::vector<Cidr>> RangesOf(store::Connection& connection, const Vpc& vpc) {
  ASSIGN_OR_RETURN(std::vector<Cidr> ranges, ListFurtherRanges(connection, vpc.id));
  ranges.insert(ranges.begin(), vpc.cidr);
  return ranges;
}

}  // namespace brume::network
