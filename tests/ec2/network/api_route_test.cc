// What a VPC has without anybody's doing: its main route table, internet gateway and network ACL.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "brume/ec2/v1/network_acl.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// How many items the answer of `action` has under one filter.
int Count(ApiWorld& world, const std::string& action, const std::string& filter, const std::string& value) {
  const auto answer = Value(world.CallText(action, "filters { name: '" + filter + "' values: '" + value + "' }"));
  const google::protobuf::Descriptor& shape = *answer->GetDescriptor();
  int at = 0;
  while (!shape.field(at)->is_repeated()) ++at;
  return answer->GetReflection()->FieldSize(*answer, shape.field(at));
}

}  // namespace

TEST_CASE("a VPC's main route table leads to the VPC, and out by its gateway", "[api]") {
  ApiWorld world;
  const Vpc vpc = world.networks.ListVpcs()->front();
  const auto gateways =
      Value(world.Call<ec2::v1::DescribeInternetGatewaysResponse>(ec2::v1::DescribeInternetGatewaysRequest()));
  REQUIRE(gateways.internet_gateways_size() == 1);
  const ec2::v1::InternetGateway& gateway = gateways.internet_gateways(0);
  REQUIRE(gateway.attachments_size() == 1);
  CHECK(gateway.attachments(0).vpc_id() == vpc.id.text());
  CHECK(gateway.attachments(0).state() == "available");

  const auto tables = Value(world.Call<ec2::v1::DescribeRouteTablesResponse>(ec2::v1::DescribeRouteTablesRequest()));
  REQUIRE(tables.route_tables_size() == 1);
  const ec2::v1::RouteTable& table = tables.route_tables(0);
  CHECK(table.vpc_id() == vpc.id.text());
  REQUIRE(table.associations_size() == 1);
  CHECK(table.associations(0).main());
  CHECK(table.associations(0).route_table_id() == table.route_table_id());
  CHECK(table.associations(0).association_state().state() == "associated");
  REQUIRE(table.routes_size() == 2);
  CHECK(table.routes(0).destination_cidr_block() == vpc.cidr.text());
  CHECK(table.routes(0).gateway_id() == "local");
  CHECK(table.routes(0).origin() == "CreateRouteTable");
  CHECK(table.routes(1).destination_cidr_block() == "0.0.0.0/0");
  CHECK(table.routes(1).gateway_id() == gateway.internet_gateway_id());
  CHECK(table.routes(1).state() == "active");

  ec2::v1::DescribeRouteTablesRequest by_id;
  by_id.add_route_table_ids(table.route_table_id());
  CHECK(Value(world.Call<ec2::v1::DescribeRouteTablesResponse>(by_id)).route_tables_size() == 1);
  ec2::v1::DescribeInternetGatewaysRequest gateway_by_id;
  gateway_by_id.add_internet_gateway_ids(gateway.internet_gateway_id());
  CHECK(Value(world.Call<ec2::v1::DescribeInternetGatewaysResponse>(gateway_by_id)).internet_gateways_size() == 1);
}

TEST_CASE("a VPC's default network ACL allows everything to all its subnets", "[api]") {
  ApiWorld world;
  const auto answer = Value(world.Call<ec2::v1::DescribeNetworkAclsResponse>(ec2::v1::DescribeNetworkAclsRequest()));
  REQUIRE(answer.network_acls_size() == 1);
  const ec2::v1::NetworkAcl& acl = answer.network_acls(0);
  CHECK(acl.is_default());
  CHECK(acl.vpc_id() == world.networks.ListVpcs()->front().id.text());
  std::set<std::string> subnets;
  for (const auto& association : acl.associations()) {
    CHECK(association.network_acl_id() == acl.network_acl_id());
    subnets.insert(association.subnet_id());
  }
  CHECK(subnets.size() == world.networks.ListSubnets()->size());
  REQUIRE(acl.entries_size() == 4);
  for (const auto& entry : acl.entries()) {
    CHECK(entry.cidr_block() == "0.0.0.0/0");
    CHECK(entry.protocol() == "-1");
    CHECK(entry.rule_action() == (entry.rule_number() == 100 ? "allow" : "deny"));
  }
  ec2::v1::DescribeNetworkAclsRequest by_id;
  by_id.add_network_acl_ids(acl.network_acl_id());
  CHECK(Value(world.Call<ec2::v1::DescribeNetworkAclsResponse>(by_id)).network_acls_size() == 1);
}

TEST_CASE("route tables, gateways and ACLs are found by EC2's filters", "[api]") {
  ApiWorld world;
  const std::string vpc = world.networks.ListVpcs()->front().id.text();
  struct Case {
    const char* action;
    const char* filter;
    std::string value;
    int found;
  };
  const Case cases[] = {
      {"DescribeRouteTables", "association.main", "true", 1},
      {"DescribeRouteTables", "association.main", "false", 0},
      {"DescribeRouteTables", "association.subnet-id", "*", 0},
      {"DescribeRouteTables", "route.gateway-id", "igw-*", 1},
      {"DescribeRouteTables", "route.destination-cidr-block", "0.0.0.0/0", 1},
      {"DescribeRouteTables", "route.nat-gateway-id", "*", 0},
      {"DescribeRouteTables", "vpc-id", vpc, 1},
      {"DescribeRouteTables", "tag:Name", "*", 0},
      {"DescribeInternetGateways", "attachment.vpc-id", vpc, 1},
      {"DescribeInternetGateways", "attachment.state", "detached", 0},
      {"DescribeNetworkAcls", "default", "true", 1},
      {"DescribeNetworkAcls", "vpc-id", vpc, 1},
      {"DescribeNetworkAcls", "association.subnet-id", world.networks.ListSubnets()->front().subnet.id.text(), 1},
      {"DescribeNetworkAcls", "entry.rule-number", "100", 1},
      {"DescribeNetworkAcls", "entry.icmp.code", "*", 0},
  };
  for (const Case& c : cases) {
    INFO(c.action << " " << c.filter << " " << c.value);
    CHECK(Count(world, c.action, c.filter, c.value) == c.found);
  }
}

TEST_CASE("what no call makes is described as none", "[api]") {
  ApiWorld world;
  CHECK(Count(world, "DescribeLaunchTemplates", "tag:Name", "*") == 0);
  const auto none = Value(world.CallText("DescribeSnapshots", "owner_ids: 'amazon' restorable_by_user_ids: 'self'"));
  CHECK(none->ByteSizeLong() == 0);
}

TEST_CASE("whatever a VPC and an image have is tagged, shown with its tags and found by them", "[api]") {
  ApiWorld world;
  const std::string digits = world.networks.ListVpcs()->front().id.text().substr(3);
  const std::string table = world.routes.ListTables({})->front().table.id.text();
  const std::string acl = world.acls.List({})->front().acl.id.text();
  const std::string gateway = world.routes.ListGateways({})->front().gateway.id.text();
  const struct {
    const char* action;
    std::string id;
    const char* type;
  } kinds[] = {{"DescribeRouteTables", table, "route-table"},
               {"DescribeInternetGateways", gateway, "internet-gateway"},
               {"DescribeNetworkAcls", acl, "network-acl"},
               {"DescribeVpcs", "vpc" + digits, "vpc"},
               {"DescribeSnapshots", SnapshotOf(world.image).text(), "snapshot"},
               {"DescribeImages", world.image.text(), "image"}};
  for (const auto& [action, id, type] : kinds) {
    INFO(action << " " << id);
    REQUIRE(world.CallText("CreateTags", "resources: '" + id + "' tags { key: 'Name' value: 'mine' }").ok());
    CHECK(Count(world, action, "tag:Name", "mine") == 1);
    CHECK(Count(world, action, "tag:Name", "yours") == 0);
    CHECK(Count(world, "DescribeTags", "resource-type", type) == 1);
    CHECK(Value(world.CallText(action, ""))->DebugString().find("value: \"mine\"") != std::string::npos);
    REQUIRE(world.CallText("DeleteTags", "resources: '" + id + "' tags { key: 'Name' }").ok());
    CHECK(Count(world, action, "tag:Name", "mine") == 0);
  }
}

}  // namespace brume
