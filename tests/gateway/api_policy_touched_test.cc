// What a call touches without naming it, and what is true of a resource before it is made: policies are asked about
// both.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"
#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/peering.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

// An instance with an elastic address, a VPC of one's own with an interface that is attached to nothing, and two VPCs
// of which one asks the other for a peering connection.
struct TouchedWorld : PolicyWorld {
  TouchedWorld() {
    const InstanceId launched = Launch();
    instance = launched.text();
    const auto described = Made<ec2::v1::DescribeInstancesResponse>("DescribeInstances", "");
    const auto& shown = described.reservations(0).instances(0);
    eni = shown.network_interfaces(0).network_interface_id();
    device = shown.root_device_name();
    volume = Made<ec2::v1::DescribeVolumesResponse>("DescribeVolumes", "").volumes(0).volume_id();
    default_vpc = shown.vpc_id();
    vpc = Made<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.20.0.0/16'").vpc().vpc_id();
    other_vpc = Made<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.21.0.0/16'").vpc().vpc_id();
    subnet = Made<ec2::v1::CreateSubnetResponse>("CreateSubnet", absl::Substitute("vpc_id: '$0' cidr_block: "
                                                                                  "'10.20.1.0/24' availability_zone: "
                                                                                  "'us-east-1b'",
                                                                                  vpc))
                 .subnet()
                 .subnet_id();
    const auto all = Made<ec2::v1::DescribeSecurityGroupsResponse>("DescribeSecurityGroups", "");
    for (const auto& group : all.security_groups()) {
      if (group.vpc_id() == vpc) default_group = group.group_id();
    }
    worn = Made<ec2::v1::AllocateAddressResponse>("AllocateAddress", "").allocation_id();
    spare = Made<ec2::v1::AllocateAddressResponse>("AllocateAddress", "").allocation_id();
    Made<ec2::v1::AssociateAddressResponse>("AssociateAddress",
                                            absl::Substitute("allocation_id: '$0' instance_id: '$1'", worn, instance));
    peering = Made<ec2::v1::CreateVpcPeeringConnectionResponse>(
                  "CreateVpcPeeringConnection", absl::Substitute("vpc_id: '$0' peer_vpc_id: '$1'", vpc, other_vpc))
                  .vpc_peering_connection()
                  .vpc_peering_connection_id();
  }

  template <typename Response>
  Response Made(const std::string& action, const std::string& text) {
    INFO(action << " " << text);
    const auto answer = CallText(action, text);
    INFO(answer.status().ToString());
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }

  std::string instance, eni, device, volume, default_vpc, vpc, other_vpc, subnet, default_group, worn, spare, peering;
};

}  // namespace

TEST_CASE("a denial holds for what a call touches and does not name", "[api]") {
  TouchedWorld w;
  const struct {
    std::string arn;
    const char* action;
    std::string request;
  } cases[] = {
      {"vpc/" + w.default_vpc, "CreateSecurityGroup", "group_name: 'web' description: 'd'"},
      {"network-interface/" + w.eni, "AssociateAddress",
       absl::Substitute("allocation_id: '$0' instance_id: '$1'", w.spare, w.instance)},
      {"instance/" + w.instance, "AssociateAddress",
       absl::Substitute("allocation_id: '$0' network_interface_id: '$1'", w.spare, w.eni)},
      // The one that it has would be taken from it.
      {"elastic-ip/" + w.worn, "AssociateAddress",
       absl::Substitute("allocation_id: '$0' instance_id: '$1' allow_reassociation: true", w.spare, w.instance)},
      {"volume/" + w.volume, "CreateSnapshots",
       absl::Substitute("instance_specification { instance_id: '$0' }", w.instance)},
      {"volume/" + w.volume, "ModifyInstanceAttribute",
       absl::Substitute(
           "instance_id: '$0' block_device_mappings { device_name: '$1' ebs { delete_on_termination: false "
           "} }",
           w.instance, w.device)},
      {"volume/" + w.volume, "CreateReplaceRootVolumeTask", absl::Substitute("instance_id: '$0'", w.instance)},
      {"vpc/" + w.other_vpc, "AcceptVpcPeeringConnection",
       absl::Substitute("vpc_peering_connection_id: '$0'", w.peering)},
      {"security-group/" + w.default_group, "CreateVpcEndpoint",
       absl::Substitute("vpc_id: '$0' vpc_endpoint_type: 'Interface' service_name: 'com.amazonaws.us-east-1.ec2' "
                        "subnet_ids: '$1'",
                        w.vpc, w.subnet)},
  };
  for (const auto& [arn, action, request] : cases) {
    INFO(action << " " << arn);
    w.Protect(w.Ec2Arn(arn));
    CHECK(w.Try(action, "dry_run: true " + request) == kDenied);
    w.Protect(w.Ec2Arn(arn) + "x");
    CHECK(w.Try(action, "dry_run: true " + request) == kWouldPass);
  }
}

TEST_CASE("conditions are about a resource before it is made", "[api]") {
  TouchedWorld w;
  const std::string in_vpc = absl::Substitute("vpc_id: '$0' ", w.vpc), vpc = w.Ec2Arn("vpc/" + w.vpc);
  const struct {
    const char* action;
    std::string request, type, key, value;
  } cases[] = {
      {"CreateSubnet", in_vpc + "cidr_block: '10.20.2.0/24'", "subnet", "ec2:Vpc", vpc},
      {"CreateSubnet", in_vpc + "cidr_block: '10.20.2.0/24' availability_zone: 'us-east-1b'", "subnet",
       "ec2:AvailabilityZone", "us-east-1b"},
      {"CreateSubnet", in_vpc + "cidr_block: '10.20.2.0/24' availability_zone_id: 'use1-az2'", "subnet",
       "ec2:AvailabilityZone", "us-east-1b"},
      {"CreateSubnet", in_vpc + "cidr_block: '10.20.2.0/24'", "subnet", "ec2:AvailabilityZone", "us-east-1a"},
      {"CreateKeyPair", "key_name: 'k'", "key-pair", "ec2:KeyPairType", "rsa"},
      {"CreateKeyPair", "key_name: 'k' key_type: 'ed25519'", "key-pair", "ec2:KeyPairType", "ed25519"},
      {"CreateSnapshots", absl::Substitute("instance_specification { instance_id: '$0' }", w.instance), "snapshot",
       "ec2:ParentVolume", w.Ec2Arn("volume/" + w.volume)},
      {"CreateImage", absl::Substitute("instance_id: '$0' name: 'i'", w.instance), "snapshot", "ec2:ParentVolume",
       w.Ec2Arn("volume/" + w.volume)},
      {"CreateRouteTable", in_vpc, "route-table", "ec2:Vpc", vpc},
      {"CreateNetworkAcl", in_vpc, "network-acl", "ec2:Vpc", vpc},
      {"CreateSecurityGroup", in_vpc + "group_name: 'g' description: 'd'", "security-group", "ec2:Vpc", vpc},
      {"CreateSecurityGroup", "group_name: 'g' description: 'd'", "security-group", "ec2:Vpc",
       w.Ec2Arn("vpc/" + w.default_vpc)},
      {"CreateNetworkInterface", absl::Substitute("subnet_id: '$0'", w.subnet), "network-interface", "ec2:Vpc", vpc},
      {"CreateNetworkInterface", absl::Substitute("subnet_id: '$0'", w.subnet), "network-interface", "ec2:Subnet",
       w.Ec2Arn("subnet/" + w.subnet)},
      {"CreateNetworkInterface", absl::Substitute("subnet_id: '$0'", w.subnet), "network-interface",
       "ec2:AvailabilityZone", "us-east-1b"},
      {"CreateNetworkInterface", absl::Substitute("subnet_id: '$0'", w.subnet), "network-interface",
       "ec2:AvailabilityZoneId", "use1-az2"},
      {"CreateSubnet", in_vpc + "cidr_block: '10.20.2.0/24' availability_zone: 'us-east-1b'", "subnet",
       "ec2:AvailabilityZoneId", "use1-az2"},
      {"CreateVpcPeeringConnection", absl::Substitute("vpc_id: '$0' peer_vpc_id: '$1'", w.vpc, w.other_vpc),
       "vpc-peering-connection", "ec2:AccepterVpc", w.Ec2Arn("vpc/" + w.other_vpc)},
      {"CreateVpcPeeringConnection", absl::Substitute("vpc_id: '$0' peer_vpc_id: '$1'", w.vpc, w.other_vpc),
       "vpc-peering-connection", "ec2:RequesterVpc", vpc},
      {"AllocateAddress", "", "elastic-ip", "ec2:Domain", "vpc"},
      {"CreateSnapshot", absl::Substitute("volume_id: '$0'", w.volume), "snapshot", "ec2:ParentVolume",
       w.Ec2Arn("volume/" + w.volume)},
      {"CreateSnapshot", absl::Substitute("volume_id: '$0'", w.volume), "snapshot", "ec2:Encrypted", "false"},
  };
  for (const auto& [action, request, type, key, value] : cases) {
    INFO(action << " " << key);
    const std::string arn =
        type == "snapshot" ? absl::StrCat("arn:aws:ec2:", w.settings.region, "::snapshot/*") : w.Ec2Arn(type + "/*");
    const auto protect = [&](const std::string& wanted) {
      w.SetPolicy(
          absl::Substitute(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:$0",)"
                           R"("Resource":"$1","Condition":{"StringEquals":{"$2":"$3"}}})",
                           action, arn, key, wanted));
    };
    protect(value);
    CHECK(w.Try(action, "dry_run: true " + request) == kDenied);
    protect(value + "x");
    CHECK(w.Try(action, "dry_run: true " + request) == kWouldPass);
  }
}

TEST_CASE("of a launch from a template each resource is known as the template's or as the call's in its place",
          "[api]") {
  TouchedWorld w;
  const std::string launch_template = absl::Substitute(
      "launch_template_name: 'web' launch_template_data { image_id: '$0' instance_type: 't3.micro' "
      "network_interfaces { device_index: 0 subnet_id: '$1' } }",
      w.image.text(), w.subnet);
  REQUIRE(w.CallText("CreateLaunchTemplate", launch_template).ok());
  // AWS's own example: whoever may launch from templates alone, and put nothing in the place of what they name.
  w.SetPolicy(absl::Substitute(
      R"({"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*","Condition":{"ArnLike":{"ec2:LaunchTemplate":"$0"},)"
      R"("Bool":{"ec2:IsLaunchTemplateResource":"true"}}})",
      w.Ec2Arn("launch-template/*")));
  const std::string from = "dry_run: true min_count: 1 max_count: 1 launch_template { launch_template_name: 'web' } ";
  CHECK(w.Try("RunInstances", from) == kWouldPass);
  CHECK(w.Try("RunInstances", from + "instance_type: 'b1.tiny'") == kWouldPass);
  CHECK(w.Try("RunInstances", from + absl::Substitute("image_id: '$0'", w.image.text())) == kWouldPass);
  const std::string other = w.Made<ec2::v1::CreateSubnetResponse>(
                                 "CreateSubnet", absl::Substitute("vpc_id: '$0' cidr_block: '10.20.4.0/24'", w.vpc))
                                .subnet()
                                .subnet_id();
  CHECK(w.Try("RunInstances",
              from + absl::Substitute("network_interfaces { device_index: 0 subnet_id: '$0' }", other)) == kDenied);
  REQUIRE(w.CallText("CreateKeyPair", "key_name: 'ops' key_type: 'ed25519'").ok());
  CHECK(w.Try("RunInstances", from + "key_name: 'ops'") == kDenied);
  CHECK(w.Try("RunInstances",
              absl::Substitute("dry_run: true min_count: 1 max_count: 1 image_id: '$0'", w.image.text())) == kDenied);
}

TEST_CASE("a denial keeps images and snapshots from being everybody's, and launches from public addresses", "[api]") {
  TouchedWorld w;
  REQUIRE(w.CallText("CreateSnapshot", absl::Substitute("volume_id: '$0'", w.volume)).ok());
  const std::string snapshot = w.snapshot_service->List({}).value().front().snapshot.id.text();
  const auto deny = [&](const std::string& action, const std::string& condition) {
    w.SetPolicy(absl::Substitute(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:$0",)"
                                 R"("Resource":"*","Condition":{$1}})",
                                 action, condition));
  };
  const std::string of_image = absl::Substitute("dry_run: true image_id: '$0' ", w.image.text());
  deny("ModifyImageAttribute", R"("StringEquals":{"ec2:Add/group":"all"})");
  CHECK(w.Try("ModifyImageAttribute", of_image + "launch_permission { add { group: 'all' } }") == kDenied);
  CHECK(w.Try("ModifyImageAttribute",
              of_image + "attribute: 'launchPermission' operation_type: 'add' user_groups: 'all'") == kDenied);
  CHECK(w.Try("ModifyImageAttribute", of_image + "launch_permission { add { user_id: '123456789012' } }") ==
        kWouldPass);
  CHECK(w.Try("ModifyImageAttribute", of_image + "launch_permission { remove { group: 'all' } }") == kWouldPass);
  const std::string of_snapshot = absl::Substitute("dry_run: true snapshot_id: '$0' ", snapshot);
  deny("ModifySnapshotAttribute", R"("StringEquals":{"ec2:Add/userId":"123456789012"})");
  CHECK(w.Try("ModifySnapshotAttribute",
              of_snapshot + "create_volume_permission { add { user_id: '123456789012' } }") == kDenied);
  CHECK(w.Try("ModifySnapshotAttribute",
              of_snapshot + "create_volume_permission { add { user_id: '123456789013' } }") == kWouldPass);
  deny("RunInstances", R"("Bool":{"ec2:AssociatePublicIpAddress":"true"})");
  const std::string launch =
      absl::Substitute("dry_run: true min_count: 1 max_count: 1 image_id: '$0' ", w.image.text());
  const auto with = [&](const char* flag) {
    return launch + "network_interfaces { device_index: 0 associate_public_ip_address: " + flag + " }";
  };
  CHECK(w.Try("RunInstances", with("true")) == kDenied);
  CHECK(w.Try("RunInstances", with("false")) == kWouldPass);
}

TEST_CASE("conditions are about what a snapshot was made of", "[api]") {
  TouchedWorld w;
  const auto made = w.CallText("CreateSnapshot", absl::Substitute("volume_id: '$0'", w.volume));
  REQUIRE(made.ok());
  const std::string snapshot = w.snapshot_service->List({}).value().front().snapshot.id.text();
  const auto protect = [&](const std::string& key, const std::string& value) {
    w.SetPolicy(absl::Substitute(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":)"
                                 R"("ec2:DeleteSnapshot","Resource":"*","Condition":{"StringEquals":{"$0":"$1"}}})",
                                 key, value));
  };
  const std::string request = absl::Substitute("dry_run: true snapshot_id: '$0'", snapshot);
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"ec2:SnapshotID", snapshot},
                                   {"ec2:Owner", w.settings.account_id},
                                   {"ec2:ParentVolume", w.Ec2Arn("volume/" + w.volume)},
                                   {"ec2:Encrypted", "false"}}) {
    INFO(key);
    protect(key, value);
    CHECK(w.Try("DeleteSnapshot", request) == kDenied);
    protect(key, value + "x");
    CHECK(w.Try("DeleteSnapshot", request) == kWouldPass);
  }
}

// Each action that takes tags for what it makes, with a request that would be served.
TEST_CASE("tags at creation are held to EC2's limits and to ec2:CreateTags, whatever is made", "[api]") {
  TouchedWorld w;
  const std::string in_vpc = absl::Substitute("vpc_id: '$0' ", w.vpc);
  const std::string image = w.image.text();
  const struct {
    const char* action;
    const char* type;
    std::string request;
  } cases[] = {
      {"AllocateAddress", "elastic-ip", ""},
      {"AuthorizeSecurityGroupEgress", "security-group-rule", ""},
      {"AuthorizeSecurityGroupIngress", "security-group-rule", ""},
      {"CopyImage", "image", absl::Substitute("source_image_id: '$0' source_region: 'us-east-1' name: 'c'", image)},
      {"CopySnapshot", "snapshot",
       absl::Substitute("source_snapshot_id: '$0' source_region: 'us-east-1'", SnapshotOf(w.image).text())},
      {"CreateDhcpOptions", "dhcp-options", "dhcp_configurations { key: 'domain-name' values: 'corp.example' }"},
      {"CreateEgressOnlyInternetGateway", "egress-only-internet-gateway", in_vpc},
      {"CreateFlowLogs", "vpc-flow-log",
       absl::Substitute(
           "resource_type: 'VPC' traffic_type: 'ALL' log_destination_type: 's3' log_destination: 'arn:aws:s3:::logs' "
           "resource_ids: '$0'",
           w.vpc)},
      {"CreateImage", "image", absl::Substitute("instance_id: '$0' name: 'i'", w.instance)},
      {"CreateInternetGateway", "internet-gateway", ""},
      {"CreateKeyPair", "key-pair", "key_name: 'k'"},
      {"CreateLaunchTemplate", "launch-template",
       "launch_template_name: 'l' launch_template_data { instance_type: 't3.micro' }"},
      {"CreateManagedPrefixList", "prefix-list", "prefix_list_name: 'p' max_entries: 1 address_family: 'IPv4'"},
      {"CreateNatGateway", "natgateway", absl::Substitute("subnet_id: '$0' connectivity_type: 'private'", w.subnet)},
      {"CreateNetworkAcl", "network-acl", in_vpc},
      {"CreateNetworkInsightsPath", "network-insights-path",
       absl::Substitute("source: '$0' destination_ip: '192.0.2.1' protocol: 'tcp'", w.instance)},
      {"CreateNetworkInterface", "network-interface", absl::Substitute("subnet_id: '$0'", w.subnet)},
      {"CreateReplaceRootVolumeTask", "replace-root-volume-task", absl::Substitute("instance_id: '$0'", w.instance)},
      {"CreateRestoreImageTask", "image", "bucket: 'bucket' object_key: 'ami-0.bin'"},
      {"CreateRouteTable", "route-table", in_vpc},
      {"CreateSecurityGroup", "security-group", "group_name: 'g' description: 'd'"},
      {"CreateSnapshot", "snapshot", absl::Substitute("volume_id: '$0'", w.volume)},
      {"CreateSnapshots", "snapshot", absl::Substitute("instance_specification { instance_id: '$0' }", w.instance)},
      {"CreateSubnet", "subnet", in_vpc + "cidr_block: '10.20.3.0/24'"},
      {"CreateVolume", "volume", "availability_zone: 'us-east-1a' size: 1"},
      {"CreateVpc", "vpc", "cidr_block: '10.22.0.0/16'"},
      {"CreateVpcEndpoint", "vpc-endpoint",
       in_vpc + "vpc_endpoint_type: 'Interface' service_name: 'com.amazonaws.us-east-1.ec2'"},
      {"CreateVpcPeeringConnection", "vpc-peering-connection",
       absl::Substitute("vpc_id: '$0' peer_vpc_id: '$1'", w.vpc, w.default_vpc)},
      {"ExportImage", "export-image-task",
       absl::Substitute("image_id: '$0' disk_image_format: 'RAW' s3_export_location { s3_bucket: 'bucket' }", image)},
      {"ImportImage", "import-image-task", "disk_containers { url: 'file:///nothing' }"},
      {"ImportKeyPair", "key-pair", "key_name: 'k' public_key_material: 'ssh-ed25519 AAAA'"},
      {"ImportSnapshot", "import-snapshot-task", "disk_container { url: 'file:///nothing' }"},
      {"RegisterImage", "image", "name: 'r' image_location: '/nothing'"},
      {"RunInstances", "instance", absl::Substitute("image_id: '$0' min_count: 1 max_count: 1", image)},
      {"StartNetworkInsightsAnalysis", "network-insights-analysis",
       "network_insights_path_id: 'nip-00000000000000000'"},
  };
  const std::string rule = absl::Substitute(
      "group_id: '$0' ip_permissions { ip_protocol: 'tcp' from_port: 1 to_port: 1 ip_ranges { cidr_ip: '10.9.0.0/16' } "
      "} ",
      w.groups.List({}).value().front().group.id.text());
  std::set<std::string> tried;
  for (const auto& [action, type, request] : cases) {
    INFO(action);
    tried.insert(action);
    const std::string whole = request + (type == std::string("security-group-rule") ? rule : " ");
    const auto tagged = [&](int count, const std::string& key) {
      std::string text = absl::Substitute("$0 tag_specifications { resource_type: '$1' ", whole, type);
      for (int i = 0; i < count; ++i) absl::StrAppend(&text, "tags { key: '", key, i, "' value: 'v' } ");
      return text + "}";
    };
    w.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
    CHECK(w.Try(action, tagged(51, "k")) == "TagLimitExceeded");
    CHECK(w.Try(action, tagged(1, "aws:k")) == "InvalidParameterValue");
    CHECK(w.Try(action, tagged(1, std::string(128, 'k'))) == "InvalidParameterValue");
    w.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:CreateTags",)"
                R"("Resource":"*"})");
    CHECK(w.Try(action, tagged(1, "k")) == kDenied);
  }
  std::set<std::string> taking;
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      const auto* field = method.input_type()->FindFieldByName("tag_specifications");
      if (field != nullptr && field->message_type()->full_name() == "brume.ec2.v1.TagSpecification") {
        taking.insert(method.name());
      }
    }
  }
  CHECK(tried == taking);
}

TEST_CASE("policies can ask for the zone's id of what is there, and for what StartSnapshot is given", "[api]") {
  TouchedWorld w;
  const std::string parent = SnapshotOf(w.image).text();
  const struct {
    const char* action;
    std::string request, condition;
  } cases[] = {
      {"CreateSnapshot", absl::Substitute("volume_id: '$0' dry_run: true", w.volume),
       R"("StringEquals":{"ec2:AvailabilityZoneId":"use1-az1"})"},
      {"StopInstances", absl::Substitute("instance_ids: '$0' dry_run: true", w.instance),
       R"("StringEquals":{"ec2:AvailabilityZoneId":"use1-az1"})"},
      {"ebs:StartSnapshot", "volume_size: 9", R"("NumericGreaterThan":{"ebs:VolumeSize":"8"})"},
      {"ebs:StartSnapshot", "volume_size: 9 description: 'nightly'", R"("StringLike":{"ebs:Description":"night*"})"},
      {"ebs:StartSnapshot", absl::Substitute("volume_size: 9 parent_snapshot_id: '$0'", parent),
       absl::StrCat(R"("ArnEquals":{"ebs:ParentSnapshot":"arn:aws:ec2:us-east-1::snapshot/)", parent, R"("})")},
  };
  const std::string all = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
  for (const auto& [action, request, condition] : cases) {
    INFO(action << " " << condition);
    w.SetPolicy(all);
    const std::string allowed = w.Try(action, request);
    w.SetPolicy(all + R"(,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{)" + condition + "}}");
    const std::string denied = w.Try(action, request);
    CHECK(denied != allowed);
    CHECK((denied == kDenied || denied == "AccessDeniedException" || denied == "AccessDenied"));
  }
}

// Each action by which something new gets the tags of something that is there, and StartSnapshot, whose tags are in no
// TagSpecification.
TEST_CASE("tags that are copied to what is made are asked about as if the call named them", "[api]") {
  TouchedWorld w;
  const std::string image = w.image.text();
  REQUIRE(w.CallText("CreateTags", absl::Substitute("resources: '$0' resources: '$1' tags { key: 'env' value: 'prod' }",
                                                    image, w.volume))
              .ok());
  const struct {
    const char* action;
    std::string request, type;
  } cases[] = {
      {"CopyImage",
       absl::Substitute("source_image_id: '$0' source_region: 'us-east-1' name: 'copy' copy_image_tags: true ", image),
       "image"},
      {"CreateSnapshots",
       absl::Substitute("instance_specification { instance_id: '$0' } copy_tags_from_source: 'volume' ", w.instance),
       "snapshot"},
      {"ebs:StartSnapshot", "volume_size: 1 tags { key: 'env' value: 'prod' } ", "snapshot"},
  };
  const std::string all = R"({"Effect":"Allow","Action":"*","Resource":"*"},)";
  for (const auto& [action, request, type] : cases) {
    INFO(action);
    const std::string made = absl::StrCat(R"("Resource":"arn:aws:ec2:*::)", type, R"(/*")");
    const std::string name = absl::StripPrefix(action, "ebs:").data();
    const std::string denials[] = {
        R"("Action":"ec2:CreateTags",)" + made,
        absl::StrCat(R"("Action":"*",)", made, R"(,"Condition":{"StringEquals":{"aws:RequestTag/env":"prod"}})"),
        absl::StrCat(R"("Action":"*",)", made, R"(,"Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"env"}})"),
        absl::StrCat(R"("Action":"ec2:CreateTags",)", made, R"(,"Condition":{"StringEquals":{"ec2:CreateAction":")",
                     name, R"("}})"),
    };
    for (const std::string& denial : denials) {
      INFO(denial);
      w.SetPolicy(all + R"({"Effect":"Deny",)" + denial + "}");
      const std::string code = w.Try(action, request);
      CHECK((code == kDenied || code == "AccessDeniedException" || code == "AccessDenied"));
    }
    w.SetPolicy(all + R"({"Effect":"Deny","Action":"*","Resource":"*",)"
                      R"("Condition":{"StringEquals":{"aws:RequestTag/env":"test"}}})");
    CHECK(w.Try(action, request) == "");
  }
  // A tag of the call's own counts in place of the image's.
  w.SetPolicy(all + R"({"Effect":"Deny","Action":"*","Resource":"*",)"
                    R"("Condition":{"StringEquals":{"aws:RequestTag/env":"prod"}}})");
  CHECK(w.Try("CopyImage",
              absl::StrCat("source_region: 'us-east-1' name: 'other' copy_image_tags: true source_image_id: '", image,
                           "' tag_specifications { resource_type: 'image' tags { key: 'env' value: 'test' } }")) == "");
}

}  // namespace brume
