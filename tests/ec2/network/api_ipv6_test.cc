// IPv6 of VPCs, subnets, interfaces, ACLs and routes, as their owner makes, sees and takes it away.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/egress_only_gateway.pb.h"
#include "brume/ec2/v1/network_acl.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct Ipv6World {
  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  ec2::v1::Vpc ShownVpc() {
    return Ask<ec2::v1::DescribeVpcsResponse>("DescribeVpcs", "vpc_ids: '" + vpc + "'").vpcs(0);
  }
  // Gives the VPC a range.
  std::string Range() {
    return Ask<ec2::v1::AssociateVpcCidrBlockResponse>("AssociateVpcCidrBlock",
                                                       "vpc_id: '" + vpc + "' amazon_provided_ipv6_cidr_block: true")
        .ipv6_cidr_block_association()
        .ipv6_cidr_block();
  }
  // The subnet's range of it: fd…:c00::/56 has fd…:c01::/64.
  static std::string Part(const std::string& range) {
    const CidrIpv6 whole = Value(CidrIpv6::Parse(range));
    return whole.Part(64, 1).text();
  }
  ec2::v1::Subnet Subnet(const std::string& rest, const std::string& cidr = "10.1.1.0/24") {
    return Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet",
                                              absl::StrCat("vpc_id: '", vpc, "' cidr_block: '", cidr, "' ", rest))
        .subnet();
  }
  ec2::v1::NetworkInterface Interface(const std::string& subnet, const std::string& rest) {
    return Ask<ec2::v1::CreateNetworkInterfaceResponse>("CreateNetworkInterface", "subnet_id: '" + subnet + "' " + rest)
        .network_interface();
  }

  ApiWorld world;
  std::string vpc = Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
};

std::string InVpc(const std::string& vpc) { return "filters { name: 'vpc-id' values: '" + vpc + "' }"; }

}  // namespace

TEST_CASE("a VPC gets an IPv6 range of the host's, which no other has, and gives it back", "[api]") {
  Ipv6World w;
  const auto made =
      w.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.2.0.0/16' amazon_provided_ipv6_cidr_block: true");
  REQUIRE(made.vpc().ipv6_cidr_block_association_set_size() == 1);
  CHECK(w.ShownVpc().ipv6_cidr_block_association_set_size() == 0);
  const std::string range = w.Range();
  const CidrIpv6 cidr = Value(CidrIpv6::Parse(range));
  CHECK(cidr.prefix_length == 56);
  CHECK(IsUniqueLocal(cidr));
  const std::string other = made.vpc().ipv6_cidr_block_association_set(0).ipv6_cidr_block();
  CHECK(other != range);
  // Of one /40, but its first /56.
  CidrIpv6 pool = cidr, pool_of_other = Value(CidrIpv6::Parse(other));
  for (CidrIpv6* each : {&pool, &pool_of_other}) std::fill(each->base.begin() + 5, each->base.end(), 0);
  CHECK(pool == pool_of_other);
  const auto shown = w.ShownVpc().ipv6_cidr_block_association_set(0);
  CHECK(shown.ipv6_cidr_block() == range);
  CHECK(shown.ipv6_cidr_block_state().state() == "associated");
  CHECK(shown.ipv6_pool() == "Amazon");
  for (const auto& [name, value] : {std::pair{"ipv6-cidr-block-association.ipv6-cidr-block", range},
                                    {"ipv6-cidr-block-association.association-id", shown.association_id()}}) {
    const auto found = w.Ask<ec2::v1::DescribeVpcsResponse>(
        "DescribeVpcs", absl::StrCat("filters { name: '", name, "' values: '", value, "' }"));
    REQUIRE(found.vpcs_size() == 1);
    CHECK(found.vpcs(0).vpc_id() == w.vpc);
  }
  const std::string id = "association_id: '" + shown.association_id() + "'";
  const auto subnet = w.Subnet("ipv6_cidr_block: '" + Ipv6World::Part(range) + "'");
  CHECK(w.CodeOf("DisassociateVpcCidrBlock", id) == "DependencyViolation");
  Value(w.world.CallText("DeleteSubnet", "subnet_id: '" + subnet.subnet_id() + "'"));
  const auto gone = w.Ask<ec2::v1::DisassociateVpcCidrBlockResponse>("DisassociateVpcCidrBlock", id);
  CHECK(gone.ipv6_cidr_block_association().ipv6_cidr_block_state().state() == "disassociating");
  CHECK(w.ShownVpc().ipv6_cidr_block_association_set_size() == 0);
  CHECK(w.CodeOf("DisassociateVpcCidrBlock", id) == "InvalidVpcCidrBlockAssociationID.NotFound");
}

TEST_CASE("a VPC's default rules let IPv6 through once it has a range, and changed ones stay", "[api]") {
  Ipv6World w;
  const auto changed = w.Ask<ec2::v1::CreateSecurityGroupResponse>(
      "CreateSecurityGroup", "group_name: 'changed' description: 'x' vpc_id: '" + w.vpc + "'");
  Value(w.world.CallText("RevokeSecurityGroupEgress",
                         "group_id: '" + changed.group_id() +
                             "' ip_permissions { ip_protocol: '-1' ip_ranges { cidr_ip: '0.0.0.0/0' } }"));
  w.Range();
  w.Ask<ec2::v1::CreateSecurityGroupResponse>("CreateSecurityGroup",
                                              "group_name: 'new' description: 'x' vpc_id: '" + w.vpc + "'");
  const auto groups = w.Ask<ec2::v1::DescribeSecurityGroupsResponse>("DescribeSecurityGroups", InVpc(w.vpc));
  REQUIRE(groups.security_groups_size() == 3);
  for (const auto& group : groups.security_groups()) {
    INFO(group.group_name());
    int everywhere = 0;
    for (const auto& permission : group.ip_permissions_egress()) everywhere += permission.ipv6_ranges_size();
    CHECK(everywhere == (group.group_name() == "changed" ? 0 : 1));
  }
  const auto acls = w.Ask<ec2::v1::DescribeNetworkAclsResponse>("DescribeNetworkAcls", InVpc(w.vpc));
  int ipv6 = 0;
  for (const auto& entry : acls.network_acls(0).entries()) {
    if (!entry.has_ipv6_cidr_block()) continue;
    ++ipv6;
    CHECK(entry.ipv6_cidr_block() == "::/0");
    CHECK(entry.rule_number() == 101);
    CHECK(entry.rule_action() == "allow");
  }
  CHECK(ipv6 == 2);
}

TEST_CASE("a subnet has one /64 of its VPC's range, and interfaces get addresses of it", "[api]") {
  Ipv6World w;
  const std::string part = Ipv6World::Part(w.Range());
  const auto subnet = w.Subnet("");
  const std::string of = "subnet_id: '" + subnet.subnet_id() + "' ";
  CHECK(subnet.ipv6_cidr_block_association_set_size() == 0);
  CHECK(w.CodeOf("ModifySubnetAttribute", of + "assign_ipv6_address_on_creation { value: true }") ==
        "InvalidParameterValue");
  CHECK(w.CodeOf("CreateNetworkInterface", of + "ipv6_address_count: 1") == "InvalidParameterValue");
  const auto given = w.Ask<ec2::v1::AssociateSubnetCidrBlockResponse>("AssociateSubnetCidrBlock",
                                                                      of + "ipv6_cidr_block: '" + part + "'");
  CHECK(given.ipv6_cidr_block_association().ipv6_cidr_block() == part);
  CHECK(w.CodeOf("AssociateSubnetCidrBlock", of + "ipv6_cidr_block: '" + part + "'") == "InvalidParameterValue");
  CHECK(w.CodeOf("CreateSubnet", "vpc_id: '" + w.vpc + "' cidr_block: '10.1.2.0/24' ipv6_cidr_block: '" + part + "'") ==
        "InvalidSubnet.Conflict");
  for (const char* bad : {"fd00::/64", "2001:db8::/56"}) {
    CHECK(w.CodeOf("CreateSubnet", absl::StrCat("vpc_id: '", w.vpc, "' cidr_block: '10.1.2.0/24' ipv6_cidr_block: '",
                                                bad, "'")) == "InvalidSubnet.Range");
  }
  Value(w.world.CallText("ModifySubnetAttribute", of + "assign_ipv6_address_on_creation { value: true }"));

  const CidrIpv6 range = Value(CidrIpv6::Parse(part));
  const auto by_itself = w.Interface(subnet.subnet_id(), "");
  REQUIRE(by_itself.ipv6_addresses_size() == 1);
  CHECK(IsAssignable(range, Value(Ipv6::Parse(by_itself.ipv6_addresses(0).ipv6_address()))));
  CHECK(w.Interface(subnet.subnet_id(), "ipv6_address_count: 0").ipv6_addresses_size() == 0);
  const std::string chosen = AddressIn(range, 0x44).text(), reserved = AddressIn(range, 3).text();
  const auto named = w.Interface(subnet.subnet_id(), "ipv6_addresses { ipv6_address: '" + chosen + "' }");
  REQUIRE(named.ipv6_addresses_size() == 1);
  CHECK(named.ipv6_addresses(0).ipv6_address() == chosen);
  CHECK(w.CodeOf("CreateNetworkInterface", of + "ipv6_addresses { ipv6_address: '" + chosen + "' }") ==
        "InvalidIPAddress.InUse");
  CHECK(w.CodeOf("CreateNetworkInterface", of + "ipv6_addresses { ipv6_address: '" + reserved + "' }") ==
        "InvalidParameterValue");

  const std::string eni = "network_interface_id: '" + named.network_interface_id() + "' ";
  const auto more = w.Ask<ec2::v1::AssignIpv6AddressesResponse>("AssignIpv6Addresses", eni + "ipv6_address_count: 2");
  REQUIRE(more.assigned_ipv6_addresses_size() == 2);
  const std::string second = more.assigned_ipv6_addresses(0);
  const auto found = w.Ask<ec2::v1::DescribeNetworkInterfacesResponse>(
      "DescribeNetworkInterfaces", "filters { name: 'ipv6-addresses.ipv6-address' values: '" + second + "' }");
  REQUIRE(found.network_interfaces_size() == 1);
  CHECK(found.network_interfaces(0).ipv6_addresses_size() == 3);
  CHECK(w.CodeOf("AssignIpv6Addresses", eni + "ipv6_addresses: '" + second + "' ipv6_address_count: 1") ==
        "InvalidParameterCombination");
  CHECK(w.CodeOf("AssignIpv6Addresses", eni) == "MissingParameter");
  CHECK(w.CodeOf("AssignIpv6Addresses", eni + "ipv6_addresses: 'fe80::zz'") == "InvalidParameterValue");
  Value(w.world.CallText("UnassignIpv6Addresses", eni + "ipv6_addresses: '" + second + "'"));
  CHECK(w.CodeOf("UnassignIpv6Addresses", eni + "ipv6_addresses: '" + second + "'") == "InvalidParameterValue");

  const std::string association = "association_id: '" + given.ipv6_cidr_block_association().association_id() + "'";
  CHECK(w.CodeOf("DisassociateSubnetCidrBlock", association) == "DependencyViolation");
  for (const auto& each : {by_itself, named}) {
    Value(w.world.CallText("DeleteNetworkInterface", "network_interface_id: '" + each.network_interface_id() + "'"));
  }
  CHECK(w.Ask<ec2::v1::DisassociateSubnetCidrBlockResponse>("DisassociateSubnetCidrBlock", association).subnet_id() ==
        subnet.subnet_id());
  const auto after =
      w.Ask<ec2::v1::DescribeSubnetsResponse>("DescribeSubnets", "subnet_ids: '" + subnet.subnet_id() + "'");
  CHECK(after.subnets(0).ipv6_cidr_block_association_set_size() == 0);
  CHECK_FALSE(after.subnets(0).assign_ipv6_address_on_creation());
}

TEST_CASE("IPv6 routes lead by internet and egress-only gateways, and the local one to the VPC", "[api]") {
  Ipv6World w;
  const std::string range = w.Range();
  const auto table =
      w.Ask<ec2::v1::CreateRouteTableResponse>("CreateRouteTable", "vpc_id: '" + w.vpc + "'").route_table();
  REQUIRE(table.routes_size() == 2);
  CHECK(table.routes(1).destination_ipv6_cidr_block() == range);
  CHECK(table.routes(1).gateway_id() == "local");
  const std::string of = "route_table_id: '" + table.route_table_id() + "' ";
  const auto egress_only = w.Ask<ec2::v1::CreateEgressOnlyInternetGatewayResponse>(
                                "CreateEgressOnlyInternetGateway",
                                "vpc_id: '" + w.vpc +
                                    "' tag_specifications { resource_type: 'egress-only-internet-gateway' tags { key: "
                                    "'Name' value: 'out' } }")
                               .egress_only_internet_gateway();
  const std::string id = egress_only.egress_only_internet_gateway_id();
  CHECK(absl::StartsWith(id, "eigw-"));
  CHECK(egress_only.attachments(0).state() == "attached");
  const std::string by = "egress_only_internet_gateway_id: '" + id + "'";
  Value(w.world.CallText("CreateRoute", of + "destination_ipv6_cidr_block: '::/0' " + by));
  const auto route = [&] {
    const auto shown = w.Ask<ec2::v1::DescribeRouteTablesResponse>("DescribeRouteTables",
                                                                   "route_table_ids: '" + table.route_table_id() + "'");
    return shown.route_tables(0).routes(shown.route_tables(0).routes_size() - 1);
  };
  CHECK(route().destination_ipv6_cidr_block() == "::/0");
  CHECK(route().egress_only_internet_gateway_id() == id);
  CHECK(route().state() == "active");
  const std::pair<std::string, const char*> refused[] = {
      {"destination_cidr_block: '0.0.0.0/0' " + by, "InvalidParameterValue"},
      {"destination_ipv6_cidr_block: '" + range + "' " + by, "RouteAlreadyExists"},
      {"destination_ipv6_cidr_block: '" + Ipv6World::Part(range) + "' " + by, "InvalidParameterValue"},
      {"destination_ipv6_cidr_block: 'fe80::/64' " + by, "InvalidParameterValue"},
      {"destination_ipv6_cidr_block: '::/0' destination_cidr_block: '0.0.0.0/0' " + by, "InvalidParameterCombination"},
      {"destination_ipv6_cidr_block: '2001:db8::/32' egress_only_internet_gateway_id: 'eigw-00000000000000000'",
       "InvalidEgressOnlyInternetGatewayId.NotFound"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(w.CodeOf("CreateRoute", of + text) == code);
  }
  CHECK(w.CodeOf("DeleteVpc", "vpc_id: '" + w.vpc + "'") == "DependencyViolation");
  const auto deleted = w.Ask<ec2::v1::DeleteEgressOnlyInternetGatewayResponse>("DeleteEgressOnlyInternetGateway", by);
  CHECK(deleted.return_code());
  CHECK(route().state() == "blackhole");
  CHECK(w.CodeOf("DescribeEgressOnlyInternetGateways", "egress_only_internet_gateway_ids: '" + id + "'") ==
        "InvalidEgressOnlyInternetGatewayId.NotFound");
  Value(w.world.CallText("DeleteRoute", of + "destination_ipv6_cidr_block: '::/0'"));
  CHECK(w.CodeOf("DeleteRoute", of + "destination_ipv6_cidr_block: '::/0'") == "InvalidRoute.NotFound");
  CHECK(w.CodeOf("DeleteRoute", of + "destination_ipv6_cidr_block: '" + range + "'") == "InvalidParameterValue");
}

TEST_CASE("rules of a network ACL are about an IPv4 or an IPv6 range", "[api]") {
  Ipv6World w;
  const std::string acl = w.Ask<ec2::v1::CreateNetworkAclResponse>("CreateNetworkAcl", "vpc_id: '" + w.vpc + "'")
                              .network_acl()
                              .network_acl_id();
  const std::string rule = "network_acl_id: '" + acl + "' egress: false rule_number: 7 rule_action: 'allow' ";
  Value(w.world.CallText("CreateNetworkAclEntry", rule + "protocol: '58' ipv6_cidr_block: '2001:db8::/32' "
                                                         "icmp_type_code { type: 128 code: -1 }"));
  CHECK(w.CodeOf("CreateNetworkAclEntry", rule + "protocol: '-1' ipv6_cidr_block: '::/0' cidr_block: '0.0.0.0/0'") ==
        "InvalidParameterCombination");
  CHECK(w.CodeOf("CreateNetworkAclEntry", rule + "protocol: '-1' ipv6_cidr_block: '::/129'") ==
        "InvalidParameterValue");
  const auto shown = w.Ask<ec2::v1::DescribeNetworkAclsResponse>(
      "DescribeNetworkAcls", "filters { name: 'entry.ipv6-cidr' values: '2001:db8::/32' }");
  REQUIRE(shown.network_acls_size() == 1);
  const auto& entries = shown.network_acls(0).entries();
  const auto entry =
      std::find_if(entries.begin(), entries.end(), [](const auto& each) { return each.rule_number() == 7; });
  REQUIRE(entry != entries.end());
  CHECK(entry->icmp_type_code().type() == 128);
  CHECK_FALSE(entry->has_cidr_block());
}

}  // namespace brume
