// The texts of errors that programs match, word for word.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/gateway/bad_input.h"

namespace brume {
namespace {

struct TextCase {
  const char* code;
  // How the message begins. What else it says, such as which object is in the way, comes behind a space.
  const char* text;
  const char* action;
  const char* request;
};

// $I runs and is protected; $OPEN runs and is not; $OFF is stopped. $SG has a rule, and an interface; $REF is named by
// a rule of $SG; $DEFAULT is the default group.
constexpr TextCase kCases[] = {
    {"InvalidInstanceID.NotFound", "The instance ID 'i-00000000000000000' does not exist", "StartInstances",
     "instance_ids: 'i-00000000000000000'"},
    {"InvalidInstanceID.NotFound", "The instance ID 'i-00000000000000000' does not exist", "DescribeInstances",
     "instance_ids: 'i-00000000000000000'"},
    {"InvalidInstanceID.Malformed", "Invalid id: \"i-x\"", "DescribeInstances", "instance_ids: 'i-x'"},
    {"InvalidVolume.NotFound", "The volume 'vol-00000000000000000' does not exist.", "DescribeVolumes",
     "volume_ids: 'vol-00000000000000000'"},
    {"InvalidSnapshot.NotFound", "The snapshot 'snap-00000000000000000' does not exist.", "DescribeSnapshots",
     "snapshot_ids: 'snap-00000000000000000'"},
    {"InvalidAMIID.NotFound", "The image id '[ami-00000000000000000]' does not exist", "DescribeImages",
     "image_ids: 'ami-00000000000000000'"},
    {"InvalidAMIID.NotFound", "The image id '[ami-00000000000000000]' does not exist", "RunInstances",
     "image_id: 'ami-00000000000000000' min_count: 1 max_count: 1"},
    {"InvalidKeyPair.NotFound", "The key pair 'nobody' does not exist", "DescribeKeyPairs", "key_names: 'nobody'"},
    {"InvalidKeyPair.NotFound", "The key pair 'nobody' does not exist", "RunInstances",
     "image_id: '$AMI' min_count: 1 max_count: 1 key_name: 'nobody'"},
    {"InvalidKeyPair.Duplicate", "The keypair 'key' already exists.", "CreateKeyPair", "key_name: 'key'"},
    {"InvalidSubnetID.NotFound", "The subnet ID 'subnet-00000000000000000' does not exist", "DescribeSubnets",
     "subnet_ids: 'subnet-00000000000000000'"},
    {"InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist", "DescribeVpcs",
     "vpc_ids: 'vpc-00000000000000000'"},
    {"InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist", "DescribeVpcAttribute",
     "vpc_id: 'vpc-00000000000000000' attribute: 'enableDnsSupport'"},
    {"InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-00000000000000000' does not exist",
     "DescribeNetworkInterfaces", "network_interface_ids: 'eni-00000000000000000'"},
    {"InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-00000000000000000' does not exist", "DescribeRouteTables",
     "route_table_ids: 'rtb-00000000000000000'"},
    {"InvalidInternetGatewayID.NotFound", "The internetGateway ID 'igw-00000000000000000' does not exist",
     "DescribeInternetGateways", "internet_gateway_ids: 'igw-00000000000000000'"},
    {"InvalidNetworkAclID.NotFound", "The networkAcl ID 'acl-00000000000000000' does not exist", "DescribeNetworkAcls",
     "network_acl_ids: 'acl-00000000000000000'"},
    {"InvalidAllocationID.NotFound", "The allocation ID 'eipalloc-00000000000000000' does not exist",
     "DescribeAddresses", "allocation_ids: 'eipalloc-00000000000000000'"},
    {"InvalidAddress.NotFound", "Address '192.0.2.1' not found.", "DescribeAddresses", "public_ips: '192.0.2.1'"},
    {"InvalidGroup.NotFound", "The security group 'sg-00000000000000000' does not exist", "DescribeSecurityGroups",
     "group_ids: 'sg-00000000000000000'"},
    {"InvalidGroup.NotFound", "The security group 'nobody' does not exist in default VPC '$VPC'", "DeleteSecurityGroup",
     "group_name: 'nobody'"},
    {"InvalidGroup.NotFound", "The security group 'nobody' does not exist in VPC '$VPC'", "RunInstances",
     "image_id: '$AMI' min_count: 1 max_count: 1 security_groups: 'nobody'"},
    {"InvalidGroup.Duplicate", "The security group 'web' already exists for VPC '$VPC'", "CreateSecurityGroup",
     "group_name: 'web' description: 'd'"},
    {"CannotDelete", "the specified group: \"$DEFAULT\" name: \"default\" cannot be deleted by a user",
     "DeleteSecurityGroup", "group_id: '$DEFAULT'"},
    {"DependencyViolation", "resource $SG has a dependent object", "DeleteSecurityGroup", "group_id: '$SG'"},
    {"DependencyViolation", "resource $REF has a dependent object", "DeleteSecurityGroup", "group_id: '$REF'"},
    {"InvalidPermission.Duplicate",
     "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already exists",
     "AuthorizeSecurityGroupIngress",
     "group_id: '$SG' ip_protocol: 'tcp' from_port: 22 to_port: 22 cidr_ip: '0.0.0.0/0'"},
    {"InvalidPermission.Duplicate", "the specified rule \"peer: 0.0.0.0/0, ALL, ALLOW\" already exists",
     "AuthorizeSecurityGroupEgress",
     "group_id: '$SG' ip_permissions { ip_protocol: '-1' ip_ranges { cidr_ip: '0.0.0.0/0' } }"},
    {"InvalidPermission.Duplicate", "the specified rule \"peer: 10.0.0.0/8, ICMP, type: 8, code: ALL, ALLOW\" already",
     "AuthorizeSecurityGroupIngress",
     "group_id: '$SG' ip_permissions { ip_protocol: 'icmp' from_port: 8 to_port: -1 ip_ranges { cidr_ip: '10.0.0.0/8' "
     "} }"},
    {"InvalidPermission.Duplicate", "the specified rule \"peer: $REF, UDP, from port: 53, to port: 54, ALLOW\" already",
     "AuthorizeSecurityGroupIngress",
     "group_id: '$SG' ip_permissions { ip_protocol: 'udp' from_port: 53 to_port: 54 user_id_group_pairs { group_id: "
     "'$REF' } }"},
    {"InvalidPermission.NotFound", "The specified rule does not exist in this security group.",
     "RevokeSecurityGroupIngress", "group_id: '$SG' ip_protocol: 'tcp' from_port: 80 to_port: 80 cidr_ip: '0.0.0.0/0'"},
    {"IncorrectInstanceState", "The instance '$GONE' is not in a state from which it can be started.", "StartInstances",
     "instance_ids: '$GONE'"},
    {"IncorrectInstanceState", "The instance '$OFF' is not in a state from which it can be rebooted.",
     "RebootInstances", "instance_ids: '$OFF'"},
    {"IncorrectInstanceState", "The instance '$OPEN' is not in the 'stopped' state.", "ModifyInstanceAttribute",
     "instance_id: '$OPEN' instance_type { value: 'b1.small' }"},
    {"OperationNotPermitted",
     "The instance '$I' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
     "TerminateInstances", "instance_ids: '$I'"},
    {"OperationNotPermitted",
     "The instance '$I' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.",
     "StopInstances", "instance_ids: '$I'"},
    {"IdempotentParameterMismatch",
     "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
     "RunInstances", "image_id: '$AMI' min_count: 1 max_count: 1 client_token: 'once' instance_type: 'b1.small'"},
    {"InvalidLaunchTemplateName.NotFoundException",
     "The specified launch template, with template name nobody, does not exist.", "DescribeLaunchTemplateVersions",
     "launch_template_name: 'nobody'"},
    {"InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.", "CreateLaunchTemplate",
     "launch_template_name: 'tmpl' launch_template_data { instance_type: 'b1.tiny' }"},
    {"InvalidLaunchTemplateId.NotFound",
     "The specified launch template, with template ID lt-00000000000000000, does not exist.",
     "DescribeLaunchTemplateVersions", "launch_template_id: 'lt-00000000000000000'"},
    {"InvalidInstanceType", "The following supplied instance types do not exist: [z9.huge]", "DescribeInstanceTypes",
     "instance_types: 'z9.huge'"},
    {"MissingParameter", "The request must contain the parameter", "RunInstances", "min_count: 1 max_count: 1"},
    {"InvalidParameterCombination", "No instances specified", "StopInstances", ""},
    {"InvalidParameterValue", "The filter 'colour' is invalid", "DescribeVpcs",
     "filters { name: 'colour' values: 'red' }"},
    {"DryRunOperation", "Request would have succeeded, but DryRun flag is set.", "DescribeVpcs", "dry_run: true"},
    {"EntityAlreadyExists", "User with name ada already exists.", "CreateUser", "user_name: 'ada'"},
    {"NoSuchEntity", "The user with name bob cannot be found.", "GetUser", "user_name: 'bob'"},
    {"NoSuchEntity", "The role with name bob cannot be found.", "GetRole", "role_name: 'bob'"},
    {"NoSuchEntity", "Instance Profile bob cannot be found.", "GetInstanceProfile", "instance_profile_name: 'bob'"},
};

}  // namespace

TEST_CASE("what programs match of an error is said in EC2's words", "[api]") {
  ApiWorld world;
  const auto call = [&](const std::string& action, const std::string& request) {
    INFO(action << " " << request);
    REQUIRE_OK(world.CallText(action, request).status());
  };
  const SecurityGroupId reference = Value(world.groups.Create("named", "d", std::nullopt, {})).group.id;
  const SecurityGroupId web = Value(world.groups.Create("web", "d", std::nullopt, {})).group.id;
  const std::string of_web = "group_id: '" + web.text() + "' ip_permissions { ";
  call("AuthorizeSecurityGroupIngress",
       of_web +
           "ip_protocol: 'tcp' from_port: 22 to_port: 22 ip_ranges { cidr_ip: '0.0.0.0/0' } } "
           "ip_permissions { ip_protocol: 'icmp' from_port: 8 to_port: -1 ip_ranges { cidr_ip: '10.0.0.0/8' } } "
           "ip_permissions { ip_protocol: 'udp' from_port: 53 to_port: 54 user_id_group_pairs { group_id: '" +
           reference.text() + "' } }");
  call("CreateKeyPair", "key_name: 'key'");
  call("CreateLaunchTemplate", "launch_template_name: 'tmpl' launch_template_data { instance_type: 'b1.tiny' }");
  call("CreateUser", "user_name: 'ada'");
  compute::RunRequest request = world.Request();
  request.group_ids = {web};
  const InstanceId open = world.Launch(request);
  request.disable_api_termination = request.disable_api_stop = true;
  const InstanceId shut = world.Launch(request);
  const InstanceId off = world.Launch();
  call("StopInstances", "instance_ids: '" + off.text() + "'");
  REQUIRE(world.Reaches(off, InstanceState::kStopped));
  const InstanceId gone = world.Launch();
  call("TerminateInstances", "instance_ids: '" + gone.text() + "'");
  REQUIRE(world.Reaches(gone, InstanceState::kTerminated));
  call("RunInstances", "image_id: '" + world.image.text() +
                           "' min_count: 1 max_count: 1 client_token: 'once' instance_type: 'b1.tiny'");
  const VpcId vpc = Value(world.networks.ListVpcs()).front().id;
  const std::vector<std::pair<std::string, std::string>> names = {
      {"$AMI", world.image.text()},
      {"$VPC", vpc.text()},
      {"$SG", web.text()},
      {"$REF", reference.text()},
      {"$OPEN", open.text()},
      {"$OFF", off.text()},
      {"$GONE", gone.text()},
      {"$I", shut.text()},
      {"$DEFAULT", Value(world.groups.Resolve(std::nullopt, "default")).id.text()}};
  for (const TextCase& each : kCases) {
    const absl::Status status = world.CallText(each.action, absl::StrReplaceAll(each.request, names)).status();
    const std::string text = absl::StrReplaceAll(each.text, names);
    INFO(each.action << "\n" << status.message() << "\n" << text);
    CHECK(ec2::ErrorCode(status) == each.code);
    CHECK(absl::StartsWith(status.message(), text));
  }
}

}  // namespace brume
