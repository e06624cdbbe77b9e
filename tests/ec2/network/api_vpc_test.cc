// VPCs, subnets, route tables and gateways as their owner makes, changes and deletes them.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/ec2/v1/vpn_gateway.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

template <typename Response>
Response Ask(ApiWorld& world, const std::string& action, const std::string& text) {
  return static_cast<const Response&>(*Value(world.CallText(action, text)));
}

std::string CodeOf(ApiWorld& world, const std::string& action, const std::string& text) {
  const auto answer = world.CallText(action, text);
  return answer.ok() ? "" : ec2::ErrorCode(answer.status());
}

std::string NewVpc(ApiWorld& world, const std::string& cidr = "10.1.0.0/16") {
  return Ask<ec2::v1::CreateVpcResponse>(world, "CreateVpc", "cidr_block: '" + cidr + "'").vpc().vpc_id();
}

std::string NewSubnet(ApiWorld& world, const std::string& vpc, const std::string& cidr) {
  return Ask<ec2::v1::CreateSubnetResponse>(world, "CreateSubnet", "vpc_id: '" + vpc + "' cidr_block: '" + cidr + "'")
      .subnet()
      .subnet_id();
}

std::string NewTable(ApiWorld& world, const std::string& vpc) {
  return Ask<ec2::v1::CreateRouteTableResponse>(world, "CreateRouteTable", "vpc_id: '" + vpc + "'")
      .route_table()
      .route_table_id();
}

std::string NewGateway(ApiWorld& world) {
  return Ask<ec2::v1::CreateInternetGatewayResponse>(world, "CreateInternetGateway", "")
      .internet_gateway()
      .internet_gateway_id();
}

ec2::v1::RouteTable TableOf(ApiWorld& world, const std::string& id) {
  return Ask<ec2::v1::DescribeRouteTablesResponse>(world, "DescribeRouteTables", "route_table_ids: '" + id + "'")
      .route_tables(0);
}

std::string Ids(const char* first, const std::string& a, const char* second, const std::string& b) {
  return absl::StrCat(first, ": '", a, "' ", second, ": '", b, "'");
}

}  // namespace

TEST_CASE("a new VPC has a main route table that leads to itself alone, an ACL and a default group", "[api]") {
  ApiWorld world;
  const auto made = Ask<ec2::v1::CreateVpcResponse>(
      world, "CreateVpc",
      "cidr_block: '10.1.2.3/16' tag_specifications { resource_type: 'vpc' tags { key: 'Name' value: 'two' } }");
  const ec2::v1::Vpc& vpc = made.vpc();
  CHECK(vpc.cidr_block() == "10.1.0.0/16");
  CHECK(vpc.state() == "available");
  CHECK_FALSE(vpc.is_default());
  REQUIRE(vpc.tags_size() == 1);
  REQUIRE(vpc.cidr_block_association_set_size() == 1);
  const std::string filter = "filters { name: 'vpc-id' values: '" + vpc.vpc_id() + "' }";
  const auto tables = Ask<ec2::v1::DescribeRouteTablesResponse>(world, "DescribeRouteTables", filter);
  REQUIRE(tables.route_tables_size() == 1);
  CHECK(tables.route_tables(0).associations(0).main());
  REQUIRE(tables.route_tables(0).routes_size() == 1);
  CHECK(tables.route_tables(0).routes(0).gateway_id() == "local");
  const auto groups = Ask<ec2::v1::DescribeSecurityGroupsResponse>(world, "DescribeSecurityGroups", filter);
  REQUIRE(groups.security_groups_size() == 1);
  CHECK(groups.security_groups(0).group_name() == "default");
  CHECK(Value(world.CallText("DescribeNetworkAcls", filter))->ByteSizeLong() > 0);
  // What EC2 gives a VPC that is not the default one.
  const auto attribute = [&](const char* name) {
    return Ask<ec2::v1::DescribeVpcAttributeResponse>(world, "DescribeVpcAttribute",
                                                      Ids("vpc_id", vpc.vpc_id(), "attribute", name));
  };
  CHECK(attribute("enableDnsSupport").enable_dns_support().value());
  CHECK_FALSE(attribute("enableDnsHostnames").enable_dns_hostnames().value());
}

TEST_CASE("a VPC is deleted with what was made with it, and with nothing else in it", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), named = "vpc_id: '" + vpc + "'";
  const std::string subnet = NewSubnet(world, vpc, "10.1.1.0/24"), table = NewTable(world, vpc);
  const std::string gateway = NewGateway(world);
  Value(world.CallText("AttachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc)));
  const std::string group = Ask<ec2::v1::CreateSecurityGroupResponse>(world, "CreateSecurityGroup",
                                                                      named + " group_name: 'web' description: 'web'")
                                .group_id();
  // Each that is in the way is named, and is removed then.
  const struct {
    const std::string& id;
    const char* removal;
    std::string request;
  } in_the_way[] = {
      {subnet, "DeleteSubnet", "subnet_id: '" + subnet + "'"},
      {gateway, "DetachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc)},
      {group, "DeleteSecurityGroup", "group_id: '" + group + "'"},
      {table, "DeleteRouteTable", "route_table_id: '" + table + "'"},
  };
  for (const auto& [id, removal, request] : in_the_way) {
    INFO(removal);
    const absl::Status refused = world.CallText("DeleteVpc", named).status();
    CHECK(ec2::ErrorCode(refused) == "DependencyViolation");
    CHECK(absl::StrContains(refused.message(), id));
    Value(world.CallText(removal, request));
  }
  Value(world.CallText("DeleteVpc", named));
  CHECK(CodeOf(world, "DeleteVpc", named) == "InvalidVpcID.NotFound");
  const std::string filter = "filters { name: 'vpc-id' values: '" + vpc + "' }";
  for (const char* action :
       {"DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeSecurityGroups", "DescribeNetworkAcls"}) {
    INFO(action);
    CHECK(Value(world.CallText(action, filter))->ByteSizeLong() == 0);
  }
  Value(world.CallText("DeleteInternetGateway", "internet_gateway_id: '" + gateway + "'"));
}

TEST_CASE("the default VPC can be deleted, stays deleted, and is made again when asked", "[api]") {
  ApiWorld world;
  CHECK(CodeOf(world, "CreateDefaultVpc", "") == "DefaultVpcAlreadyExists");
  const std::string vpc = world.networks.ListVpcs()->front().id.text();
  const auto gateways = Ask<ec2::v1::DescribeInternetGatewaysResponse>(world, "DescribeInternetGateways", "");
  Value(world.CallText("DetachInternetGateway",
                       Ids("internet_gateway_id", gateways.internet_gateways(0).internet_gateway_id(), "vpc_id", vpc)));
  for (const network::SubnetView& view : Value(world.networks.ListSubnets())) {
    Value(world.CallText("DeleteSubnet", "subnet_id: '" + view.subnet.id.text() + "'"));
  }
  Value(world.CallText("DeleteVpc", "vpc_id: '" + vpc + "'"));
  // As the daemon does at each start.
  REQUIRE(world.networks.EnsureDefaults().ok());
  CHECK(world.networks.ListVpcs()->empty());
  CHECK(CodeOf(world, "CreateDefaultSubnet", "availability_zone: 'us-east-1a'") == "DefaultVpcDoesNotExist");

  const auto made = Ask<ec2::v1::CreateDefaultVpcResponse>(world, "CreateDefaultVpc", "");
  CHECK(made.vpc().is_default());
  CHECK(world.networks.ListSubnets()->size() == world.settings.zones.size());
  CHECK(CodeOf(world, "CreateDefaultSubnet", "availability_zone: 'us-east-1a'") ==
        "DefaultSubnetAlreadyExistsInAvailabilityZone");
  CHECK(CodeOf(world, "CreateDefaultSubnet", "availability_zone: 'mars-1a'") == "InvalidParameterValue");
}

TEST_CASE("a default subnet that was deleted stays deleted, and is made again when asked", "[api]") {
  ApiWorld world;
  const std::string subnet = world.networks.ListSubnets()->front().subnet.id.text();
  const size_t before = world.networks.ListSubnets()->size();
  Value(world.CallText("DeleteSubnet", "subnet_id: '" + subnet + "'"));
  REQUIRE(world.networks.EnsureDefaults().ok());
  CHECK(world.networks.ListSubnets()->size() == before - 1);
  const auto made =
      Ask<ec2::v1::CreateDefaultSubnetResponse>(world, "CreateDefaultSubnet", "availability_zone: 'us-east-1a'");
  CHECK(made.subnet().default_for_az());
  CHECK(made.subnet().map_public_ip_on_launch());
}

TEST_CASE("bad ranges of VPCs and subnets are refused with EC2's codes", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world);
  NewSubnet(world, vpc, "10.1.1.0/24");
  const struct {
    const char* action;
    const char* cidr;
    const char* code;
  } cases[] = {
      {"CreateVpc", "10.0.0.0/15", "InvalidVpc.Range"},
      {"CreateVpc", "10.0.0.0/29", "InvalidVpc.Range"},
      {"CreateVpc", "127.0.0.0/16", "InvalidVpc.Range"},
      {"CreateVpc", "169.254.0.0/16", "InvalidVpc.Range"},
      {"CreateVpc", "224.1.0.0/16", "InvalidVpc.Range"},
      {"CreateVpc", "0.0.0.0/16", "InvalidVpc.Range"},
      {"CreateVpc", "198.18.4.0/24", "InvalidVpc.Range"},  // of the public addresses
      {"CreateVpc", "10.0.0.0", "InvalidParameterValue"},
      {"CreateVpc", "10.0.0.0/33", "InvalidParameterValue"},
      {"CreateVpc", "fd00::/64", "InvalidParameterValue"},
      {"CreateVpc", "", "MissingParameter"},
      {"CreateSubnet", "10.1.0.0/15", "InvalidSubnet.Range"},
      {"CreateSubnet", "10.1.0.0/29", "InvalidSubnet.Range"},
      {"CreateSubnet", "10.2.1.0/24", "InvalidSubnet.Range"},
      {"CreateSubnet", "10.1.1.0/24", "InvalidSubnet.Conflict"},
      {"CreateSubnet", "10.1.0.0/20", "InvalidSubnet.Conflict"},
      {"CreateSubnet", "10.1.1.128/25", "InvalidSubnet.Conflict"},
      {"CreateSubnet", "10.1.300.0/24", "InvalidParameterValue"},
      {"CreateSubnet", "", "MissingParameter"},
      {"AssociateVpcCidrBlock", "10.1.128.0/17", "CidrConflict"},
      {"AssociateVpcCidrBlock", "10.0.0.0/8", "InvalidVpc.Range"},
  };
  for (const auto& [action, cidr, code] : cases) {
    INFO(action << " " << cidr);
    std::string text = absl::StrCat("cidr_block: '", cidr, "'");
    if (action != std::string("CreateVpc")) absl::StrAppend(&text, " vpc_id: '", vpc, "'");
    CHECK(CodeOf(world, action, text) == code);
  }
  CHECK(world.networks.ListVpcs()->size() == 2);
}

TEST_CASE("what VPCs of this host do not have is refused by name", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), in = "vpc_id: '" + vpc + "' ";
  const std::string subnet = NewSubnet(world, vpc, "10.1.1.0/24"), of = "subnet_id: '" + subnet + "' ";
  const std::string table = NewTable(world, vpc), to = "route_table_id: '" + table + "' ";
  const struct {
    const char* action;
    std::string text;
    const char* code;
  } cases[] = {
      {"CreateVpc", "cidr_block: '10.3.0.0/16' ipv6_cidr_block: 'fd00::/56'", "UnsupportedOperation"},
      {"CreateVpc", "cidr_block: '10.3.0.0/16' instance_tenancy: 'dedicated'", "UnsupportedOperation"},
      {"CreateSubnet", in + "cidr_block: '10.1.2.0/24' ipv6_native: true", "InvalidParameterCombination"},
      {"CreateSubnet", in + "cidr_block: '10.1.2.0/24' availability_zone: 'mars-1a'", "InvalidParameterValue"},
      {"CreateSubnet",
       in + "cidr_block: '10.1.2.0/24' availability_zone: 'us-east-1a' availability_zone_id: 'use1-az1'",
       "InvalidParameterCombination"},
      {"AssociateVpcCidrBlock", in + "ipv6_cidr_block: 'fd00::/56'", "UnsupportedOperation"},
      {"ModifyVpcAttribute", in, "MissingParameter"},
      {"ModifyVpcAttribute", in + "enable_dns_support { value: true } enable_dns_hostnames { value: true }",
       "InvalidParameterCombination"},
      {"ModifySubnetAttribute", of, "MissingParameter"},
      {"ModifySubnetAttribute", of + "enable_dns64 { value: true }", "UnsupportedOperation"},
      {"ModifySubnetAttribute", of + "assign_ipv6_address_on_creation { value: true }", "InvalidParameterValue"},
      {"AssociateRouteTable", to + "gateway_id: 'igw-00000000000000000'", "UnsupportedOperation"},
      {"AssociateRouteTable", to, "MissingParameter"},
  };
  for (const auto& [action, text, code] : cases) {
    INFO(action << " " << text);
    CHECK(CodeOf(world, action, text) == code);
  }
}

TEST_CASE("attributes of VPCs and subnets are changed one at a time, and hold for what is launched", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), subnet = NewSubnet(world, vpc, "10.1.1.0/24");
  Value(world.CallText("ModifyVpcAttribute", "vpc_id: '" + vpc + "' enable_dns_support { value: false }"));
  const auto attribute = Ask<ec2::v1::DescribeVpcAttributeResponse>(
      world, "DescribeVpcAttribute", Ids("vpc_id", vpc, "attribute", "enableDnsSupport"));
  CHECK(attribute.has_enable_dns_support());
  CHECK_FALSE(attribute.enable_dns_support().value());
  for (const char* change :
       {"map_public_ip_on_launch { value: true }", "private_dns_hostname_type_on_launch: 'resource-name'",
        "enable_resource_name_dns_a_record_on_launch { value: true }"}) {
    Value(world.CallText("ModifySubnetAttribute", absl::StrCat("subnet_id: '", subnet, "' ", change)));
  }
  const auto shown =
      Ask<ec2::v1::DescribeSubnetsResponse>(world, "DescribeSubnets", "subnet_ids: '" + subnet + "'").subnets(0);
  CHECK(shown.map_public_ip_on_launch());
  CHECK(shown.private_dns_name_options_on_launch().hostname_type() == "resource-name");
  CHECK(shown.private_dns_name_options_on_launch().enable_resource_name_dns_a_record());
  CHECK_FALSE(shown.private_dns_name_options_on_launch().enable_resource_name_dns_aaaa_record());

  compute::RunRequest run = world.Request();
  run.subnet_id = SubnetId::FromTrusted(subnet);
  const InstanceId id = world.Launch(run);
  const NetworkInterface eni = world.InterfaceOf(id);
  CHECK(eni.subnet_id.text() == subnet);
  CHECK(eni.public_ip.has_value());
  CHECK(eni.dns_name_options.hostname_type == HostnameType::kResourceName);
  CHECK(eni.dns_name_options.a_record);
  // Neither the VPC nor the subnet goes from under it.
  CHECK(CodeOf(world, "DeleteSubnet", "subnet_id: '" + subnet + "'") == "DependencyViolation");
  CHECK(CodeOf(world, "DeleteVpc", "vpc_id: '" + vpc + "'") == "DependencyViolation");
}

TEST_CASE("a further range is the VPC's, takes subnets, and goes when none is of it", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), in = "vpc_id: '" + vpc + "' ";
  const auto added =
      Ask<ec2::v1::AssociateVpcCidrBlockResponse>(world, "AssociateVpcCidrBlock", in + "cidr_block: '10.7.0.0/16'");
  CHECK(added.vpc_id() == vpc);
  const std::string id = added.cidr_block_association().association_id();
  const std::string subnet = NewSubnet(world, vpc, "10.7.1.0/24");
  const auto shown = Ask<ec2::v1::DescribeVpcsResponse>(world, "DescribeVpcs", "vpc_ids: '" + vpc + "'").vpcs(0);
  CHECK(shown.cidr_block() == "10.1.0.0/16");
  REQUIRE(shown.cidr_block_association_set_size() == 2);
  CHECK(shown.cidr_block_association_set(1).cidr_block() == "10.7.0.0/16");
  CHECK(TableOf(world, NewTable(world, vpc)).routes_size() == 2);
  const std::string removal = "association_id: '" + id + "'";
  CHECK(CodeOf(world, "DisassociateVpcCidrBlock", removal) == "DependencyViolation");
  Value(world.CallText("DeleteSubnet", "subnet_id: '" + subnet + "'"));
  Value(world.CallText("DisassociateVpcCidrBlock", removal));
  CHECK(CodeOf(world, "DisassociateVpcCidrBlock", removal) == "InvalidVpcCidrBlockAssociationID.NotFound");
  const std::string first = shown.cidr_block_association_set(0).association_id();
  CHECK(CodeOf(world, "DisassociateVpcCidrBlock", "association_id: '" + first + "'") == "OperationNotPermitted");
}

TEST_CASE("a VPC has five IPv4 ranges at most", "[api]") {
  ApiWorld world;
  const std::string in = "vpc_id: '" + NewVpc(world) + "' ";
  for (const char* range : {"10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"}) {
    CHECK(CodeOf(world, "AssociateVpcCidrBlock", in + "cidr_block: '" + range + "'") == "");
  }
  CHECK(CodeOf(world, "AssociateVpcCidrBlock", in + "cidr_block: '10.6.0.0/16'") == "CidrLimitExceeded");
}

TEST_CASE("there are no virtual private gateways, to show or to write routes into a table", "[api]") {
  ApiWorld world;
  const std::string table = NewTable(world, NewVpc(world));
  CHECK(Ask<ec2::v1::DescribeVpnGatewaysResponse>(world, "DescribeVpnGateways",
                                                  "filters { name: 'attachment.vpc-id' values: 'vpc-00000000000000000' "
                                                  "} filters { name: 'tag:Name' values: 'x' }")
            .vpn_gateways_size() == 0);
  CHECK(CodeOf(world, "DescribeVpnGateways", "filters { name: 'colour' values: 'red' }") == "InvalidParameterValue");
  CHECK(CodeOf(world, "DescribeVpnGateways", "vpn_gateway_ids: 'vgw-00000000000000000'") ==
        "InvalidVpnGatewayID.NotFound");
  for (const char* action : {"EnableVgwRoutePropagation", "DisableVgwRoutePropagation"}) {
    INFO(action);
    for (const char* gateway : {"vgw-00000000000000000", "igw-00000000000000000", "out"}) {
      CHECK(CodeOf(world, action, Ids("route_table_id", table, "gateway_id", gateway)) ==
            "InvalidVpnGatewayID.NotFound");
    }
    CHECK(
        CodeOf(world, action, Ids("route_table_id", "rtb-00000000000000000", "gateway_id", "vgw-00000000000000000")) ==
        "InvalidRouteTableID.NotFound");
    CHECK(CodeOf(world, action, "route_table_id: '" + table + "'") == "MissingParameter");
  }
}

TEST_CASE("the VPC's own routes lead to the VPC itself, and no others do", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), table = NewTable(world, vpc), gateway = NewGateway(world);
  Value(world.CallText("AttachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc)));
  const std::string in = "route_table_id: '" + table + "' ", own = in + "destination_cidr_block: '10.1.0.0/16' ",
                    out = in + "destination_cidr_block: '0.0.0.0/0' ", local = "local_target: true ";
  CHECK(CodeOf(world, "ReplaceRoute", out + local) == "InvalidParameterValue");
  Value(world.CallText("CreateRoute", out + "gateway_id: '" + gateway + "'"));
  CHECK(CodeOf(world, "ReplaceRoute", own + local) == "");
  CHECK(CodeOf(world, "ReplaceRoute", own + local + "gateway_id: '" + gateway + "'") == "InvalidParameterCombination");
  CHECK(CodeOf(world, "ReplaceRoute", out + local) == "InvalidParameterValue");
  CHECK(CodeOf(world, "ReplaceRoute",
               "route_table_id: 'rtb-00000000000000000' destination_cidr_block: '10.1.0.0/16' " + local) ==
        "InvalidRouteTableID.NotFound");
  REQUIRE(TableOf(world, table).routes_size() == 2);
  CHECK(TableOf(world, table).routes(0).gateway_id() == "local");
  CHECK(TableOf(world, table).routes(1).gateway_id() == gateway);
}

TEST_CASE("subnets use the main route table until they have one of their own", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), subnet = NewSubnet(world, vpc, "10.1.1.0/24");
  const std::string table = NewTable(world, vpc), other = NewTable(world, vpc);
  const auto made = Ask<ec2::v1::AssociateRouteTableResponse>(world, "AssociateRouteTable",
                                                              Ids("route_table_id", table, "subnet_id", subnet));
  CHECK(made.association_state().state() == "associated");
  const auto again = Ask<ec2::v1::AssociateRouteTableResponse>(world, "AssociateRouteTable",
                                                               Ids("route_table_id", table, "subnet_id", subnet));
  CHECK(again.association_id() == made.association_id());
  CHECK(TableOf(world, table).associations(0).subnet_id() == subnet);
  CHECK(CodeOf(world, "AssociateRouteTable", Ids("route_table_id", other, "subnet_id", subnet)) ==
        "Resource.AlreadyAssociated");
  CHECK(CodeOf(world, "DeleteRouteTable", "route_table_id: '" + table + "'") == "DependencyViolation");
  const auto moved = Ask<ec2::v1::ReplaceRouteTableAssociationResponse>(
      world, "ReplaceRouteTableAssociation", Ids("association_id", made.association_id(), "route_table_id", other));
  CHECK(moved.new_association_id() != made.association_id());
  CHECK(TableOf(world, table).associations_size() == 0);
  CHECK(CodeOf(world, "DisassociateRouteTable", "association_id: '" + made.association_id() + "'") ==
        "InvalidAssociationID.NotFound");
  Value(world.CallText("DisassociateRouteTable", "association_id: '" + moved.new_association_id() + "'"));
  Value(world.CallText("DeleteRouteTable", "route_table_id: '" + other + "'"));

  // Another table becomes the main one; the former one can go then.
  const auto tables = Ask<ec2::v1::DescribeRouteTablesResponse>(
      world, "DescribeRouteTables",
      "filters { name: 'association.main' values: 'true' } filters { name: 'vpc-id' values: '" + vpc + "' }");
  const ec2::v1::RouteTable main = tables.route_tables(0);
  CHECK(CodeOf(world, "DeleteRouteTable", "route_table_id: '" + main.route_table_id() + "'") == "DependencyViolation");
  const std::string association = main.associations(0).route_table_association_id();
  CHECK(CodeOf(world, "DisassociateRouteTable", "association_id: '" + association + "'") == "InvalidParameterValue");
  Value(world.CallText("ReplaceRouteTableAssociation", Ids("association_id", association, "route_table_id", table)));
  CHECK(TableOf(world, table).associations(0).main());
  Value(world.CallText("DeleteRouteTable", "route_table_id: '" + main.route_table_id() + "'"));
}

TEST_CASE("routes are made, replaced, deleted, and lead nowhere when their target is gone", "[api]") {
  ApiWorld world;
  const std::string vpc = NewVpc(world), table = NewTable(world, vpc), gateway = NewGateway(world);
  const std::string out = "route_table_id: '" + table + "' destination_cidr_block: '0.0.0.0/0' ";
  const std::string by_gateway = out + "gateway_id: '" + gateway + "'";
  const auto state = [&] { return TableOf(world, table).routes(1).state(); };
  CHECK(CodeOf(world, "CreateRoute", by_gateway) == "InvalidParameterValue");  // not this VPC's
  Value(world.CallText("AttachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc)));
  Value(world.CallText("CreateRoute", by_gateway));
  Value(world.CallText("CreateRoute", by_gateway));
  CHECK(TableOf(world, table).routes_size() == 2);
  CHECK(state() == "active");
  Value(world.CallText("DetachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc)));
  CHECK(state() == "blackhole");
  Value(world.CallText("AttachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc)));
  CHECK(state() == "active");

  compute::RunRequest run = world.Request();
  run.subnet_id = SubnetId::FromTrusted(NewSubnet(world, vpc, "10.1.1.0/24"));
  const InstanceId instance = world.Launch(run);
  const std::string eni = world.InterfaceOf(instance).id.text();
  CHECK(CodeOf(world, "CreateRoute", out + "instance_id: '" + instance.text() + "'") == "RouteAlreadyExists");
  Value(world.CallText("ReplaceRoute", out + "instance_id: '" + instance.text() + "'"));
  const ec2::v1::Route route = TableOf(world, table).routes(1);
  CHECK(route.network_interface_id() == eni);
  CHECK(route.instance_id() == instance.text());
  CHECK(route.state() == "active");
  CHECK_FALSE(route.has_gateway_id());

  const std::string to = "route_table_id: '" + table + "' ";
  const struct {
    const char* action;
    std::string text;
    const char* code;
  } refused[] = {
      {"CreateRoute", to + "destination_cidr_block: '10.1.0.0/16' gateway_id: '" + gateway + "'", "RouteAlreadyExists"},
      {"CreateRoute", to + "destination_cidr_block: '10.1.4.0/24' gateway_id: '" + gateway + "'",
       "InvalidParameterValue"},
      {"CreateRoute", to + "destination_cidr_block: '169.254.169.254/32' gateway_id: '" + gateway + "'",
       "InvalidParameterValue"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8'", "MissingParameter"},
      {"CreateRoute", to + "gateway_id: '" + gateway + "'", "MissingParameter"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8' gateway_id: 'igw-00000000000000000'",
       "InvalidGatewayID.NotFound"},
      {"ReplaceRoute", out + "gateway_id: 'igw-00000000000000000'", "InvalidGatewayID.NotFound"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8' gateway_id: 'local'", "InvalidGatewayID.NotFound"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8' gateway_id: 'out'", "InvalidGatewayID.NotFound"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8' gateway_id: 'vgw-00000000000000000'",
       "InvalidGatewayID.NotFound"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8' gateway_id: 'vpce-00000000000000000'",
       "InvalidVpcEndpointId.NotFound"},
      {"CreateRoute", to + "destination_cidr_block: '9.0.0.0/8' network_interface_id: 'eni-00000000000000000'",
       "InvalidNetworkInterfaceID.NotFound"},
      {"CreateRoute",
       to + "destination_cidr_block: '9.0.0.0/8' network_interface_id: '" + eni + "' gateway_id: '" + gateway + "'",
       "InvalidParameterCombination"},
      {"ReplaceRoute", to + "destination_cidr_block: '9.0.0.0/8' gateway_id: '" + gateway + "'",
       "InvalidParameterValue"},
      {"DeleteRoute", to + "destination_cidr_block: '9.0.0.0/8'", "InvalidRoute.NotFound"},
      {"DeleteRoute", to + "destination_cidr_block: '10.1.0.0/16'", "InvalidParameterValue"},
      {"AttachInternetGateway", Ids("internet_gateway_id", gateway, "vpc_id", vpc), "Resource.AlreadyAssociated"},
      {"AttachInternetGateway", Ids("internet_gateway_id", NewGateway(world), "vpc_id", vpc), "InvalidParameterValue"},
      {"DetachInternetGateway", Ids("internet_gateway_id", NewGateway(world), "vpc_id", vpc), "Gateway.NotAttached"},
      {"DeleteInternetGateway", "internet_gateway_id: '" + gateway + "'", "DependencyViolation"},
  };
  for (const auto& [action, text, code] : refused) {
    INFO(action << " " << text);
    CHECK(CodeOf(world, action, text) == code);
  }
  Value(world.CallText("DeleteRoute", out));
  CHECK(TableOf(world, table).routes_size() == 1);
}

TEST_CASE("a gateway stays attached while something in the VPC has a public address", "[api]") {
  ApiWorld world;
  world.Launch(world.Request());
  const std::string vpc = world.networks.ListVpcs()->front().id.text();
  const auto gateways = Ask<ec2::v1::DescribeInternetGatewaysResponse>(world, "DescribeInternetGateways", "");
  CHECK(CodeOf(world, "DetachInternetGateway",
               Ids("internet_gateway_id", gateways.internet_gateways(0).internet_gateway_id(), "vpc_id", vpc)) ==
        "DependencyViolation");
}

}  // namespace brume
