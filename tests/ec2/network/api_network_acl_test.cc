// Network ACLs as their owner makes, changes and deletes them.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_acl.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
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

ec2::v1::NetworkAcl Shown(ApiWorld& world, const std::string& id) {
  return Ask<ec2::v1::DescribeNetworkAclsResponse>(world, "DescribeNetworkAcls", "network_acl_ids: '" + id + "'")
      .network_acls(0);
}

class AclFixture {
 protected:
  AclFixture() {
    vpc = Ask<ec2::v1::CreateVpcResponse>(world, "CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
    subnet =
        Ask<ec2::v1::CreateSubnetResponse>(world, "CreateSubnet", "vpc_id: '" + vpc + "' cidr_block: '10.1.1.0/24'")
            .subnet()
            .subnet_id();
    acl = Ask<ec2::v1::CreateNetworkAclResponse>(world, "CreateNetworkAcl", "vpc_id: '" + vpc + "'")
              .network_acl()
              .network_acl_id();
  }
  ec2::v1::NetworkAcl DefaultAcl() {
    return Ask<ec2::v1::DescribeNetworkAclsResponse>(
               world, "DescribeNetworkAcls",
               "filters { name: 'vpc-id' values: '" + vpc + "' } filters { name: 'default' values: 'true' }")
        .network_acls(0);
  }
  std::string Rule(int number, const std::string& more) {
    return absl::StrCat("network_acl_id: '", acl, "' rule_number: ", number, " egress: false rule_action: 'allow' ",
                        more);
  }

  ApiWorld world;
  std::string vpc, subnet, acl;
};

}  // namespace

TEST_CASE_METHOD(AclFixture, "a new ACL denies everything, and a VPC's default one allows it", "[api]") {
  const ec2::v1::NetworkAcl made = Shown(world, acl);
  CHECK_FALSE(made.is_default());
  REQUIRE(made.entries_size() == 2);
  for (const auto& entry : made.entries()) {
    CHECK(entry.rule_number() == 32767);
    CHECK(entry.rule_action() == "deny");
  }
  const ec2::v1::NetworkAcl by_default = DefaultAcl();
  REQUIRE(by_default.entries_size() == 4);
  CHECK(by_default.entries(0).rule_number() == 100);
  CHECK(by_default.entries(0).rule_action() == "allow");
  REQUIRE(by_default.associations_size() == 1);
  CHECK(by_default.associations(0).subnet_id() == subnet);
}

TEST_CASE_METHOD(AclFixture, "rules are added, replaced, deleted and shown as EC2 does", "[api]") {
  Value(world.CallText("CreateNetworkAclEntry",
                       Rule(110, "protocol: 'tcp' cidr_block: '10.0.0.0/8' port_range { from: 80 to: 443 }")));
  Value(world.CallText("CreateNetworkAclEntry",
                       Rule(120, "protocol: '1' cidr_block: '0.0.0.0/0' icmp_type_code { type: 8 code: -1 }")));
  CHECK(CodeOf(world, "CreateNetworkAclEntry", Rule(110, "protocol: '-1' cidr_block: '0.0.0.0/0'")) ==
        "NetworkAclEntryAlreadyExists");
  const ec2::v1::NetworkAcl shown = Shown(world, acl);
  REQUIRE(shown.entries_size() == 4);
  const auto& tcp = shown.entries(1);
  CHECK(tcp.rule_number() == 110);
  CHECK(tcp.protocol() == "6");
  CHECK(tcp.port_range().from() == 80);
  CHECK(tcp.port_range().to() == 443);
  CHECK(shown.entries(2).icmp_type_code().type() == 8);
  CHECK(shown.entries(2).icmp_type_code().code() == -1);
  Value(world.CallText("ReplaceNetworkAclEntry", Rule(110, "protocol: '-1' cidr_block: '10.0.0.0/8'")));
  CHECK(Shown(world, acl).entries(1).protocol() == "-1");
  CHECK_FALSE(Shown(world, acl).entries(1).has_port_range());
  const std::string removal = "network_acl_id: '" + acl + "' rule_number: 110 egress: ";
  CHECK(CodeOf(world, "DeleteNetworkAclEntry", removal + "true") == "InvalidNetworkAclEntry.NotFound");
  Value(world.CallText("DeleteNetworkAclEntry", removal + "false"));
  CHECK(Shown(world, acl).entries_size() == 3);
}

TEST_CASE_METHOD(AclFixture, "bad rules of ACLs are refused with EC2's codes", "[api]") {
  const struct {
    std::string text;
    const char* code;
  } cases[] = {
      {Rule(0, "protocol: '-1' cidr_block: '0.0.0.0/0'"), "InvalidParameterValue"},
      {Rule(32767, "protocol: '-1' cidr_block: '0.0.0.0/0'"), "InvalidParameterValue"},
      {Rule(1, "protocol: '-1'"), "MissingParameter"},
      {Rule(1, "protocol: '-1' cidr_block: '10.0.0.300/8'"), "InvalidParameterValue"},
      {Rule(1, "protocol: 'carrier-pigeon' cidr_block: '0.0.0.0/0'"), "InvalidParameterValue"},
      {Rule(1, "protocol: '6' cidr_block: '0.0.0.0/0'"), "MissingParameter"},
      {Rule(1, "protocol: '1' cidr_block: '0.0.0.0/0'"), "MissingParameter"},
      {Rule(1, "protocol: '17' cidr_block: '0.0.0.0/0' port_range { from: 2 to: 1 }"), "InvalidParameterValue"},
      {Rule(1, "protocol: '17' cidr_block: '0.0.0.0/0' port_range { from: 1 to: 65536 }"), "InvalidParameterValue"},
  };
  for (const auto& [text, code] : cases) {
    INFO(text);
    CHECK(CodeOf(world, "CreateNetworkAclEntry", text) == code);
  }
  CHECK(CodeOf(world, "ReplaceNetworkAclEntry", Rule(7, "protocol: '-1' cidr_block: '0.0.0.0/0'")) ==
        "InvalidNetworkAclEntry.NotFound");
  for (int number = 1; number <= 40; ++number) {
    Value(world.CallText("CreateNetworkAclEntry", Rule(number, "protocol: '-1' cidr_block: '0.0.0.0/0'")));
  }
  CHECK(CodeOf(world, "CreateNetworkAclEntry", Rule(41, "protocol: '-1' cidr_block: '0.0.0.0/0'")) ==
        "NetworkAclEntryLimitExceeded");
}

TEST_CASE_METHOD(AclFixture, "a subnet has one ACL at a time, and an ACL that is used stays", "[api]") {
  const std::string before = DefaultAcl().associations(0).network_acl_association_id();
  const std::string change = "association_id: '" + before + "' network_acl_id: '" + acl + "'";
  const std::string after =
      Ask<ec2::v1::ReplaceNetworkAclAssociationResponse>(world, "ReplaceNetworkAclAssociation", change)
          .new_association_id();
  CHECK(after != before);
  CHECK(Shown(world, acl).associations(0).subnet_id() == subnet);
  CHECK(DefaultAcl().associations_size() == 0);
  CHECK(CodeOf(world, "ReplaceNetworkAclAssociation", change) == "InvalidAssociationID.NotFound");
  CHECK(CodeOf(world, "DeleteNetworkAcl", "network_acl_id: '" + acl + "'") == "DependencyViolation");
  CHECK(CodeOf(world, "DeleteNetworkAcl", "network_acl_id: '" + DefaultAcl().network_acl_id() + "'") ==
        "InvalidParameterValue");
  // Of another VPC.
  const std::string elsewhere = world.networks.ListSubnets()->front().subnet.id.text();
  const auto other = Ask<ec2::v1::DescribeNetworkAclsResponse>(
      world, "DescribeNetworkAcls", "filters { name: 'association.subnet-id' values: '" + elsewhere + "' }");
  CHECK(CodeOf(world, "ReplaceNetworkAclAssociation",
               "association_id: '" + other.network_acls(0).associations(0).network_acl_association_id() +
                   "' network_acl_id: '" + acl + "'") == "InvalidParameterValue");
  Value(world.CallText("ReplaceNetworkAclAssociation",
                       "association_id: '" + after + "' network_acl_id: '" + DefaultAcl().network_acl_id() + "'"));
  // With the subnet its association goes, and with the VPC its default ACL.
  CHECK(CodeOf(world, "DeleteVpc", "vpc_id: '" + vpc + "'") == "DependencyViolation");
  Value(world.CallText("DeleteSubnet", "subnet_id: '" + subnet + "'"));
  CHECK(CodeOf(world, "DeleteVpc", "vpc_id: '" + vpc + "'") == "DependencyViolation");
  Value(world.CallText("DeleteNetworkAcl", "network_acl_id: '" + acl + "'"));
  Value(world.CallText("DeleteVpc", "vpc_id: '" + vpc + "'"));
}

}  // namespace brume
