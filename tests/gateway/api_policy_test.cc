// What policies protect: the resource that a call uses, however the call names it.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance_profile.pb.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

constexpr char kRefused[] = "UnauthorizedOperation";
constexpr char kDryRun[] = "DryRunOperation";

std::string Ec2VpcArn(PolicyWorld& world) {
  return world.Ec2Arn("vpc/" + world.networks.ListVpcs()->front().id.text());
}

}  // namespace

TEST_CASE("why an image could not be imported is told to administrators alone", "[api]") {
  PolicyWorld world;
  world.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  ec2::v1::RegisterImageRequest register_image;
  register_image.set_name("mine");
  register_image.set_image_location("/var/lib/brume/import/x");
  const ImageId id = ImageId::FromTrusted(Value(world.Call<ec2::v1::RegisterImageResponse>(register_image)).image_id());
  const auto fail = [&](const std::string& reason) {
    REQUIRE(world.database
                ->Write([&](store::Connection& c) -> absl::Status {
                  storage::ImageTable images(c);
                  ASSIGN_OR_RETURN(Image image, images.Get(id));
                  image.state = ImageState::kFailed;
                  image.state_reason = {"Client.InvalidImage", reason};
                  return images.Update(image);
                })
                .ok());
  };
  ec2::v1::DescribeImagesRequest describe;
  describe.add_image_ids(id.text());
  std::set<std::string> messages;
  for (const char* reason : {"there is no '/var/lib/brume/import/x'", "'/x' leads through a symbolic link",
                             "'/etc/shadow' lies outside", "'/x' is not a disk image"}) {
    fail(reason);
    CHECK(Value(world.Call<ec2::v1::DescribeImagesResponse>(describe)).images(0).state_reason().message() == reason);
    messages.insert(world.AsUser<ec2::v1::DescribeImagesResponse>(describe).images(0).state_reason().message());
  }
  REQUIRE(messages.size() == 1);
  CHECK(messages.begin()->find("administrator") != std::string::npos);
}

TEST_CASE("a denial of a security group holds however a call names the group", "[api]") {
  PolicyWorld world;
  const auto group_of = [&](const char* name) {
    ec2::v1::CreateSecurityGroupRequest create;
    create.set_group_name(name);
    create.set_description("d");
    return Value(world.Call<ec2::v1::CreateSecurityGroupResponse>(create)).group_id();
  };
  const std::string web = group_of("web");
  group_of("other");
  const std::string rule =
      "dry_run: true ip_permissions { ip_protocol: 'tcp' from_port: 80 to_port: 80 ip_ranges { cidr_ip: '0.0.0.0/0' } "
      "} ";
  const std::string launch = "dry_run: true min_count: 1 max_count: 1 image_id: '" + world.image.text() + "' ";
  const auto check = [&](const std::string& expected, const std::string& by_name, const std::string& by_id) {
    for (const std::string& named : {by_name, by_id}) {
      CHECK(world.Try("AuthorizeSecurityGroupIngress", rule + named) == expected);
      CHECK(world.Try("RevokeSecurityGroupIngress", rule + named) == expected);
      CHECK(world.Try("UpdateSecurityGroupRuleDescriptionsIngress", rule + named) == expected);
      CHECK(world.Try("UpdateSecurityGroupRuleDescriptionsEgress", rule + named) == expected);
      CHECK(world.Try("DeleteSecurityGroup", "dry_run: true " + named) == expected);
    }
  };
  world.Protect(world.Ec2Arn("security-group/" + web));
  check(kRefused, "group_name: 'web'", "group_id: '" + web + "'");
  CHECK(world.Try("AuthorizeSecurityGroupIngress", rule + "group_name: 'other'") == kDryRun);
  // Who may not is not told more than who may.
  CHECK(world.Try("DeleteSecurityGroup", "group_name: 'none'") == "InvalidGroup.NotFound");
  CHECK(world.Try("RunInstances", launch + "security_groups: 'web'") == kRefused);
  CHECK(world.Try("RunInstances", launch + "security_group_ids: '" + web + "'") == kRefused);
  CHECK(world.Try("RunInstances", launch + "network_interfaces { device_index: 0 groups: '" + web + "' }") == kRefused);
  CHECK(world.Try("RunInstances", launch + "security_groups: 'other'") == kDryRun);
  // A launch that names none falls into the default group.
  const SecurityGroup fallback = Value(world.groups.Resolve(std::nullopt, "default"));
  world.Protect(world.Ec2Arn("security-group/" + fallback.id.text()));
  CHECK(world.Try("RunInstances", launch) == kRefused);
  CHECK(world.Try("RunInstances", launch + "security_groups: 'other'") == kDryRun);
  CHECK(world.Try("RunInstances", launch + "security_groups: 'default'") == kRefused);
}

TEST_CASE("a denial of a subnet holds for launches that fall into it", "[api]") {
  PolicyWorld world;
  const std::vector<network::SubnetView> subnets = Value(world.networks.ListSubnets());
  REQUIRE_FALSE(subnets.empty());
  const std::string launch = "dry_run: true min_count: 1 max_count: 1 image_id: '" + world.image.text() + "' ";
  CHECK(world.Try("RunInstances", launch) == kRefused);  // nothing is allowed yet
  for (const network::SubnetView& view : subnets) {
    world.Protect(world.Ec2Arn("subnet/" + view.subnet.id.text()));
    CHECK(world.Try("RunInstances", launch + "subnet_id: '" + view.subnet.id.text() + "'") == kRefused);
    CHECK(world.Try("RunInstances",
                    launch + "placement { availability_zone: '" + view.subnet.availability_zone + "' }") == kRefused);
  }
}

TEST_CASE("a denial of a key pair holds by its name and by its id", "[api]") {
  PolicyWorld world;
  ec2::v1::CreateKeyPairRequest create;
  create.set_key_name("ops");
  create.set_key_type("ed25519");
  const std::string id = Value(world.Call<ec2::v1::CreateKeyPairResponse>(create)).key_pair_id();
  world.Protect(world.Ec2Arn("key-pair/ops"));
  CHECK(world.Try("DeleteKeyPair", "key_name: 'ops'") == kRefused);
  CHECK(world.Try("DeleteKeyPair", "key_pair_id: '" + id + "'") == kRefused);
  CHECK(world.Try("CreateTags", "resources: '" + id + "' tags { key: 'a' value: 'b' }") == kRefused);
  CHECK(world.Try("DeleteTags", "resources: '" + id + "'") == kRefused);
  CHECK(world.Try("RunInstances", "dry_run: true min_count: 1 max_count: 1 key_name: 'ops' image_id: '" +
                                      world.image.text() + "'") == kRefused);
  // What is allowed by the name is allowed by the id.
  world.SetPolicy(R"({"Effect":"Allow","Action":"ec2:DeleteKeyPair","Resource":")" + world.Ec2Arn("key-pair/ops") +
                  R"("})");
  CHECK(world.Try("DeleteKeyPair", "key_pair_id: '" + id + "'") == "");
}

TEST_CASE("a denial of the caller's own user holds for calls that name nobody", "[api]") {
  PolicyWorld world;
  for (const char* call : {"CreateAccessKey", "ListAccessKeys", "GetUser"})
    CHECK(world.Try(call, "") == "AccessDenied");
  world.SetPolicy(R"({"Effect":"Allow","Action":"iam:*","Resource":"*"})");
  CHECK(world.Try("GetUser", "") == "");
  world.Protect("arn:aws:iam::" + world.settings.account_id + ":user/ada");
  CHECK(world.Try("CreateAccessKey", "") == "AccessDenied");
  const std::string key = absl::StrCat("access_key_id: '", "AKIA", "ABCDEFGHIJKLMNOP", "'");
  CHECK(world.Try("DeleteAccessKey", key) == "AccessDenied");
  CHECK(world.Try("UpdateAccessKey", absl::StrCat(key, " status: 'Inactive'")) == "AccessDenied");
  CHECK(world.Try("ListAccessKeys", "") == "AccessDenied");
  CHECK(world.Try("GetUser", "") == "AccessDenied");
}

TEST_CASE("an association of an instance profile is its instance's to policies", "[api]") {
  PolicyWorld world;
  REQUIRE(world.CallText("iam:CreateInstanceProfile", "instance_profile_name: 'web'").ok());
  REQUIRE(world.CallText("iam:CreateInstanceProfile", "instance_profile_name: 'db'").ok());
  const InstanceId instance = world.Launch();
  const auto answer = world.CallText("AssociateIamInstanceProfile",
                                     "instance_id: '" + instance.text() + "' iam_instance_profile { name: 'web' }");
  REQUIRE(answer.ok());
  const std::string id = static_cast<const ec2::v1::AssociateIamInstanceProfileResponse&>(**answer)
                             .iam_instance_profile_association()
                             .association_id();
  world.Protect(world.Ec2Arn("instance/" + instance.text()));
  CHECK(world.Try("DisassociateIamInstanceProfile", "association_id: '" + id + "'") == kRefused);
  CHECK(world.Try("ReplaceIamInstanceProfileAssociation",
                  "association_id: '" + id + "' iam_instance_profile { name: 'db' }") == kRefused);
  world.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":")" + world.Ec2Arn("instance/" + instance.text()) +
                  R"("})");
  CHECK(world.Try("DisassociateIamInstanceProfile", "association_id: '" + id + "'") == "");
}

TEST_CASE("images and snapshots are nobody's in ARNs", "[api]") {
  PolicyWorld world;
  const std::string launch = "dry_run: true min_count: 1 max_count: 1 image_id: '" + world.image.text() + "' ";
  world.SetPolicy(R"({"Effect":"Allow","Action":"ec2:RunInstances","Resource":["arn:aws:ec2:*::image/ami-*",
      "arn:aws:ec2:*:*:instance/*","arn:aws:ec2:*:*:volume/*","arn:aws:ec2:*:*:network-interface/*",
      "arn:aws:ec2:*:*:subnet/*","arn:aws:ec2:*:*:security-group/*"]})");
  CHECK(world.Try("RunInstances", launch) == kDryRun);
  world.Protect("arn:aws:ec2:" + world.settings.region + "::image/" + world.image.text());
  CHECK(world.Try("RunInstances", launch) == kRefused);
  CHECK(world.Try("DeregisterImage", "dry_run: true image_id: '" + world.image.text() + "'") == kRefused);
}

TEST_CASE("conditions are about tags and facts of the resource, and about what a launch makes", "[api]") {
  PolicyWorld world;
  const InstanceId mine = world.Launch(), prod = world.Launch();
  REQUIRE(world.CallText("CreateTags", "resources: '" + mine.text() + "' tags { key: 'Owner' value: 'ada' }").ok());
  REQUIRE(world.CallText("CreateTags", "resources: '" + prod.text() + "' tags { key: 'env' value: 'prod' }").ok());
  const auto stop = [&](const InstanceId& id) {
    return world.Try("StopInstances", "dry_run: true instance_ids: '" + id.text() + "'");
  };
  const std::string allow = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
  const auto deny = [](const std::string& action, const std::string& condition) {
    return absl::StrCat(R"(,{"Effect":"Deny","Action":")", action, R"(","Resource":"*","Condition":)", condition, "}");
  };
  for (const char* key : {"ec2:ResourceTag/env", "aws:ResourceTag/env"}) {
    world.SetPolicy(allow + deny("*", absl::StrCat(R"({"StringEquals":{")", key, R"(":"prod"}})")));
    CHECK(stop(mine) == kDryRun);
    CHECK(stop(prod) == kRefused);
  }
  // A tag whose key differs by case hides no other's value.
  for (const char* key : {"ENV", "eNV"}) {
    REQUIRE(
        world.CallText("CreateTags", "resources: '" + prod.text() + "' tags { key: '" + key + "' value: 'dev' }").ok());
    CHECK(stop(prod) == kRefused);
  }
  REQUIRE(world.CallText("CreateTags", "resources: '" + mine.text() + "' tags { key: 'ENV' value: 'prod' }").ok());
  REQUIRE(world.CallText("CreateTags", "resources: '" + mine.text() + "' tags { key: 'env' value: 'dev' }").ok());
  CHECK(stop(mine) == kRefused);
  REQUIRE(world.CallText("DeleteTags", "resources: '" + mine.text() + "' tags { key: 'ENV' }").ok());
  world.SetPolicy(R"({"Effect":"Allow","Action":"ec2:*","Resource":"*",
      "Condition":{"StringEquals":{"ec2:ResourceTag/Owner":"${aws:username}"}}})");
  CHECK(stop(mine) == kDryRun);
  CHECK(stop(prod) == kRefused);

  const std::string launch = "dry_run: true min_count: 1 max_count: 1 image_id: '" + world.image.text() + "' ";
  world.SetPolicy(allow + deny("ec2:RunInstances", R"({"StringNotEquals":{"ec2:InstanceType":"b1.tiny"},
      "ArnLike":{"aws:PrincipalArn":"*"}})"));
  // It speaks of every resource of the call, of which the instance alone has a type.
  CHECK(world.Try("RunInstances", launch + "instance_type: 'b1.tiny'") == kRefused);
  const auto only = [&](const std::string& condition) {
    world.SetPolicy(
        absl::StrCat(allow, R"(,{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*",
        "Condition":)",
                     condition, "}"));
  };
  only(R"({"StringNotEquals":{"ec2:InstanceType":"b1.tiny"}})");
  CHECK(world.Try("RunInstances", launch + "instance_type: 'b1.tiny'") == kDryRun);
  CHECK(world.Try("RunInstances", launch + "instance_type: 'b1.small'") == kRefused);
  only(R"({"StringNotEquals":{"ec2:MetadataHttpTokens":"required"}})");
  CHECK(world.Try("RunInstances", launch + "metadata_options { http_tokens: 'required' }") == kDryRun);
  CHECK(world.Try("RunInstances", launch + "metadata_options { http_tokens: 'optional' }") == kRefused);
}

TEST_CASE("conditions are about the VPC of route tables and ACLs, and about gateways and addresses", "[api]") {
  PolicyWorld world;
  const std::string table = world.routes.ListTables({})->front().table.id.text();
  const std::string acl = world.acls.List({})->front().acl.id.text();
  const std::string gateway = world.routes.ListGateways({})->front().gateway.id.text();
  const std::string vpc = Ec2VpcArn(world);
  const ElasticAddress address = Value(world.addresses.Allocate(std::nullopt, {}));
  const std::string options = Value(world.dhcp_options.List({})).front().options.id.text();
  const std::string vpc_id = world.networks.ListVpcs()->front().id.text();
  const struct {
    const char* action;
    std::string request, key, value;
  } cases[] = {
      {"DeleteDhcpOptions", "dhcp_options_id: '" + options + "'", "ec2:DhcpOptionsID", options},
      {"AssociateDhcpOptions", "dhcp_options_id: '" + options + "' vpc_id: '" + vpc_id + "'", "ec2:DhcpOptionsID",
       options},
      {"AssociateDhcpOptions", "dhcp_options_id: 'default' vpc_id: '" + vpc_id + "'", "ec2:VpcID", vpc_id},
      {"ModifyAddressAttribute", "domain_name: 'mail.example' allocation_id: '" + address.id.text() + "'",
       "ec2:AllocationId", address.id.text()},
      {"DeleteRouteTable", "route_table_id: '" + table + "'", "ec2:Vpc", vpc},
      {"DeleteRouteTable", "route_table_id: '" + table + "'", "ec2:RouteTableID", table},
      {"DeleteNetworkAcl", "network_acl_id: '" + acl + "'", "ec2:Vpc", vpc},
      {"DeleteNetworkAcl", "network_acl_id: '" + acl + "'", "ec2:NetworkAclID", acl},
      {"DeleteInternetGateway", "internet_gateway_id: '" + gateway + "'", "ec2:InternetGatewayID", gateway},
      {"ReleaseAddress", "allocation_id: '" + address.id.text() + "'", "ec2:AllocationId", address.id.text()},
      {"ReleaseAddress", "public_ip: '" + address.public_ip.text() + "'", "ec2:PublicIpAddress",
       address.public_ip.text()},
  };
  for (const auto& [action, request, key, value] : cases) {
    INFO(action << " " << key);
    const auto protect = [&](const std::string& wanted) {
      world.SetPolicy(absl::StrCat(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:)",
                                   action, R"(","Resource":"*","Condition":{"StringEquals":{")", key, R"(":")", wanted,
                                   R"("}}})"));
    };
    protect(value);
    CHECK(world.Try(action, "dry_run: true " + request) == kRefused);
    protect(value + "x");
    CHECK(world.Try(action, "dry_run: true " + request) == kDryRun);
  }
}

TEST_CASE("a call that names an association or an address needs a permission for what that stands for alone", "[api]") {
  PolicyWorld world;
  const Vpc vpc = world.networks.ListVpcs()->front();
  const SubnetId subnet = world.networks.ListSubnets()->front().subnet.id;
  const RouteTableId table = Value(world.routes.CreateTable(vpc.id, {})).table.id;
  const std::string association = Value(world.routes.Associate(table, subnet)).id.text();
  const ElasticAddress address = Value(world.addresses.Allocate(std::nullopt, {}));
  const struct {
    const char* action;
    std::string request, resources;
  } cases[] = {
      {"DisassociateRouteTable", "association_id: '" + association + "'",
       absl::StrCat("[\"", world.Ec2Arn("route-table/" + table.text()), "\",\"",
                    world.Ec2Arn("subnet/" + subnet.text()), "\"]")},
      {"ReleaseAddress", "public_ip: '" + address.public_ip.text() + "'",
       absl::StrCat("\"", world.Ec2Arn("elastic-ip/" + address.id.text()), "\"")},
  };
  for (const auto& [action, request, resources] : cases) {
    INFO(action);
    const auto allow = [&](const std::string& on) {
      world.SetPolicy(absl::StrCat(R"({"Effect":"Allow","Action":"ec2:)", action, R"(","Resource":)", on, "}"));
    };
    allow(resources);
    CHECK(world.Try(action, "dry_run: true " + request) == kDryRun);
    allow(absl::StrCat("\"", world.Ec2Arn("route-table/rtb-00000000000000000"), "\""));
    CHECK(world.Try(action, "dry_run: true " + request) == kRefused);
  }
}

TEST_CASE("who makes something with tags needs ec2:CreateTags for it, judged by its own tags", "[api]") {
  PolicyWorld world;
  const std::string launch = "dry_run: true min_count: 1 max_count: 1 image_id: '" + world.image.text() + "' ";
  const auto tagged = [](const std::string& type, const std::string& value) {
    return "tag_specifications { resource_type: '" + type + "' tags { key: 'Owner' value: '" + value + "' } } ";
  };
  const std::string run = R"({"Effect":"Allow","Action":["ec2:RunInstances","ec2:CreateKeyPair"],"Resource":"*"})";
  world.SetPolicy(run);
  CHECK(world.Try("RunInstances", launch) == kDryRun);
  CHECK(world.Try("RunInstances", launch + tagged("instance", "ada")) == kRefused);
  CHECK(world.Try("CreateKeyPair", "dry_run: true key_name: 'k' " + tagged("key-pair", "ada")) == kRefused);
  world.SetPolicy(run + R"(,{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"arn:aws:ec2:*:*:*/*",
      "Condition":{"StringEquals":{"ec2:CreateAction":"RunInstances"}}})");
  CHECK(world.Try("RunInstances", launch + tagged("instance", "ada")) == kDryRun);
  CHECK(world.Try("CreateKeyPair", "dry_run: true key_name: 'k' " + tagged("key-pair", "ada")) == kRefused);
  CHECK(world.Try("CreateTags", "dry_run: true resources: '" + world.image.text() + "' tags { key: 'a' }") == kRefused);
  // What the call names is what gets the tags.
  world.SetPolicy(
      R"({"Effect":"Allow","Action":["ec2:CreateKeyPair","ec2:CreateTags"],"Resource":"arn:aws:ec2:*:*:key-pair/k",
      "Condition":{"StringEquals":{"aws:RequestTag/Owner":"ada"}}})");
  CHECK(world.Try("CreateKeyPair", "dry_run: true key_name: 'k' " + tagged("key-pair", "ada")) == kDryRun);
  CHECK(world.Try("CreateKeyPair", "dry_run: true key_name: 'k' " + tagged("key-pair", "bob")) == kRefused);
  CHECK(world.Try("CreateKeyPair", "dry_run: true key_name: 'other' " + tagged("key-pair", "ada")) == kRefused);
  CHECK(world.Try("CreateKeyPair", "dry_run: true key_name: 'k'") == kRefused);
  // Of two kinds each is judged by its own tags, in whatever order they come.
  world.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"},
      {"Effect":"Deny","Action":"ec2:CreateTags","Resource":"arn:aws:ec2:*:*:volume/*",
       "Condition":{"StringNotEquals":{"aws:RequestTag/Owner":"ada"}}})");
  CHECK(world.Try("RunInstances", launch + tagged("volume", "ada") + tagged("instance", "bob")) == kDryRun);
  CHECK(world.Try("RunInstances", launch + tagged("instance", "ada") + tagged("volume", "bob")) == kRefused);
  CHECK(world.Try("RunInstances", launch + tagged("volume", "bob") + tagged("instance", "ada")) == kRefused);
  CHECK(world.Try("RunInstances", launch +
                                      "tag_specifications { resource_type: 'volume' tags { key: 'OWNER' value: 'bob' } "
                                      "tags { key: 'Owner' value: 'ada' } }") == kRefused);
}

}  // namespace brume
