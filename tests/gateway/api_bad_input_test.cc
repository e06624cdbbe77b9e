// Every kind of bad input has EC2's own code, and leaves nothing behind.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "tests/gateway/bad_input.h"

namespace brume {
namespace {

std::string Repeated(const std::string& field, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, field, " ");
  return text;
}

std::string ManyTags(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, "tags { key: 'k", i, "' } ");
  return text;
}

std::vector<Case> Cases() {
  const std::string run = "image_id: '$AMI' min_count: 1 max_count: 1 ";
  const std::string template_data = "launch_template_data { instance_type: 'b1.tiny' } ";
  const std::string ingress = "group_id: '$SG' ";
  std::vector<Case> cases = {
      // RunInstances
      {"MissingParameter", "RunInstances", "min_count: 1 max_count: 1"},
      {"MissingParameter", "RunInstances", "image_id: '$AMI' max_count: 1"},
      {"MissingParameter", "RunInstances", "image_id: '$AMI' min_count: 1"},
      {"InvalidAMIID.Malformed", "RunInstances", "image_id: 'ami-xyz' min_count: 1 max_count: 1"},
      {"InvalidAMIID.Malformed", "RunInstances", "image_id: 'i-0123456789abcdef0' min_count: 1 max_count: 1"},
      {"InvalidAMIID.NotFound", "RunInstances", "image_id: 'ami-00000000000000000' min_count: 1 max_count: 1"},
      {"InvalidParameterValue", "RunInstances", "image_id: '$AMI' min_count: 0 max_count: 1"},
      {"InvalidParameterValue", "RunInstances", "image_id: '$AMI' min_count: -1 max_count: 1"},
      {"InvalidParameterValue", "RunInstances", "image_id: '$AMI' min_count: 1 max_count: 100001"},
      {"InvalidParameterValue", "RunInstances", "image_id: '$AMI' min_count: 3 max_count: 2"},
      {"InvalidParameterValue", "RunInstances", run + "instance_type: 'z9.huge'"},
      {"InvalidKeyPair.NotFound", "RunInstances", run + "key_name: 'nobody'"},
      {"InvalidGroupId.Malformed", "RunInstances", run + "security_group_ids: 'default'"},
      {"InvalidGroup.NotFound", "RunInstances", run + "security_group_ids: 'sg-00000000000000000'"},
      {"InvalidGroup.NotFound", "RunInstances", run + "security_groups: 'nobody'"},
      {"InvalidSubnetID.Malformed", "RunInstances", run + "subnet_id: 'subnet-'"},
      {"InvalidSubnetID.NotFound", "RunInstances", run + "subnet_id: 'subnet-00000000000000000'"},
      {"InvalidParameterValue", "RunInstances", run + "placement { availability_zone: 'mars-1a' }"},
      {"InvalidParameterValue", "RunInstances", run + "placement { tenancy: 'dedicated' }"},
      {"InvalidPlacementGroup.Unknown", "RunInstances", run + "placement { group_name: 'fast' }"},
      {"InvalidParameterValue", "RunInstances", run + "private_ip_address: '10.0.0'"},
      {"InvalidParameterValue", "RunInstances", run + "private_ip_address: '10.9.9.9'"},
      {"InvalidParameterCombination", "RunInstances",
       "image_id: '$AMI' min_count: 1 max_count: 2 private_ip_address: '172.31.0.9'"},
      {"InvalidUserData.Malformed", "RunInstances", run + "user_data: '#!/bin/sh'"},
      {"InvalidParameterValue", "RunInstances", run + "user_data: '" + std::string(21852, 'A') + "'"},
      {"InvalidParameterValue", "RunInstances", run + "client_token: '" + std::string(65, 'a') + "'"},
      {"InvalidParameterValue", "RunInstances", run + "client_token: 'jeton-é'"},
      {"InvalidParameterValue", "RunInstances", run + "instance_initiated_shutdown_behavior: 'hibernate'"},
      {"InvalidParameterValue", "RunInstances", run + "metadata_options { http_tokens: 'maybe' }"},
      {"InvalidParameterValue", "RunInstances", run + "metadata_options { http_put_response_hop_limit: 0 }"},
      {"InvalidParameterValue", "RunInstances", run + "metadata_options { http_put_response_hop_limit: 65 }"},
      {"MissingParameter", "RunInstances", run + "monitoring { }"},
      {"InvalidParameterValue", "RunInstances", run + "network_interfaces { device_index: 1 }"},
      {"InvalidParameterValue", "RunInstances", run + "network_interfaces { } network_interfaces { }"},
      {"InvalidParameterCombination", "RunInstances",
       run + "network_interfaces { device_index: 0 } security_group_ids: '$SG'"},
      {"InvalidParameterCombination", "RunInstances", run + "network_interfaces { } subnet_id: '$SUBNET'"},
      {"InvalidParameterCombination", "RunInstances", run + "network_interfaces { } private_ip_address: '172.31.0.9'"},
      {"UnsupportedOperation", "RunInstances", run + "network_interfaces { delete_on_termination: false }"},
      {"MissingParameter", "RunInstances", run + "block_device_mappings { ebs { volume_size: 8 } }"},
      {"InvalidBlockDeviceMapping", "RunInstances", run + "block_device_mappings { device_name: '/dev/sdz' ebs { } }"},
      {"InvalidParameterValue", "RunInstances",
       run + "block_device_mappings { device_name: '/dev/vda' ebs { volume_size: 0 } }"},
      {"InvalidParameterValue", "RunInstances",
       run + "block_device_mappings { device_name: '/dev/vda' ebs { volume_type: 'tape' } }"},
      {"UnsupportedOperation", "RunInstances",
       run + "block_device_mappings { device_name: '/dev/vda' ebs { encrypted: true } }"},
      {"UnsupportedOperation", "RunInstances",
       run + "block_device_mappings { device_name: '/dev/vda' } block_device_mappings { device_name: '/dev/vdb' }"},
      {"InvalidParameterValue", "RunInstances", run + "tag_specifications { resource_type: 'moon' tags { key: 'a' } }"},
      {"InvalidParameterValue", "RunInstances",
       run + "tag_specifications { resource_type: 'instance' tags { key: 'a' } tags { key: 'a' } }"},
      {"InvalidParameterValue", "RunInstances",
       run + "tag_specifications { resource_type: 'instance' tags { key: 'aws:x' } }"},
      {"InsufficientInstanceCapacity", "RunInstances", run + "instance_type: 'r5.24xlarge'"},
      {"DryRunOperation", "RunInstances", run + "dry_run: true"},
      {"MissingParameter", "RunInstances", "dry_run: true"},
      // Describing and changing instances
      {"InvalidInstanceID.Malformed", "DescribeInstances", "instance_ids: 'instance-1'"},
      {"InvalidInstanceID.Malformed", "DescribeInstances", "instance_ids: ''"},
      {"InvalidInstanceID.Malformed", "DescribeInstances", "instance_ids: 'i-0123456789ABCDEF0'"},
      {"InvalidInstanceID.NotFound", "DescribeInstances", absl::StrCat("instance_ids: '", kNoInstance, "'")},
      {"InvalidParameterValue", "DescribeInstances", "max_results: 4"},
      {"InvalidParameterValue", "DescribeInstances", "max_results: 1001"},
      {"InvalidParameterCombination", "DescribeInstances", "max_results: 5 instance_ids: '$I'"},
      {"InvalidNextToken", "DescribeInstances", "next_token: 'bogus'"},
      {"InvalidParameterValue", "DescribeInstances", "filters { name: 'colour' values: 'red' }"},
      {"InvalidParameterValue", "DescribeInstances", "filters { name: 'instance-id' }"},
      {"InvalidParameterValue", "DescribeInstances", Repeated("instance_ids: '$I'", 1001)},
      {"InvalidParameterValue", "DescribeInstanceStatus", "filters { name: 'image-id' values: '*' }"},
      {"InvalidParameterCombination", "StartInstances", ""},
      {"InvalidParameterCombination", "StopInstances", ""},
      {"InvalidParameterCombination", "RebootInstances", ""},
      {"InvalidParameterCombination", "TerminateInstances", ""},
      {"InvalidParameterCombination", "MonitorInstances", ""},
      {"InvalidParameterCombination", "UnmonitorInstances", ""},
      {"InvalidInstanceID.NotFound", "StartInstances", absl::StrCat("instance_ids: '", kNoInstance, "'")},
      {"InvalidInstanceID.NotFound", "StopInstances",
       absl::StrCat("instance_ids: '$I' instance_ids: '", kNoInstance, "'")},
      {"InvalidInstanceID.NotFound", "RebootInstances", absl::StrCat("instance_ids: '", kNoInstance, "'")},
      {"InvalidInstanceID.NotFound", "TerminateInstances", absl::StrCat("instance_ids: '", kNoInstance, "'")},
      {"IncorrectInstanceState", "StartInstances", "instance_ids: '$DEAD'"},
      {"IncorrectInstanceState", "StopInstances", "instance_ids: '$DEAD'"},
      {"IncorrectInstanceState", "RebootInstances", "instance_ids: '$DEAD'"},
      {"DryRunOperation", "TerminateInstances", "instance_ids: '$I' dry_run: true"},
      {"MissingParameter", "GetConsoleOutput", ""},
      {"InvalidInstanceID.NotFound", "GetConsoleOutput", absl::StrCat("instance_id: '", kNoInstance, "'")},
      {"InvalidParameterValue", "DescribeInstanceAttribute", "instance_id: '$I' attribute: 'colour'"},
      {"MissingParameter", "DescribeInstanceAttribute", "instance_id: '$I'"},
      {"InvalidParameterCombination", "ModifyInstanceAttribute", "instance_id: '$I'"},
      {"InvalidParameterCombination", "ModifyInstanceAttribute",
       "instance_id: '$I' disable_api_stop { value: true } source_dest_check { value: true }"},
      {"MissingParameter", "ModifyInstanceAttribute", "instance_id: '$I' disable_api_stop { }"},
      {"InvalidParameterValue", "ModifyInstanceAttribute",
       "instance_id: '$I' attribute: 'disableApiStop' value: 'perhaps'"},
      {"InvalidParameterValue", "ModifyInstanceAttribute", "instance_id: '$I' attribute: 'kernel' value: 'x'"},
      {"MissingParameter", "ModifyInstanceAttribute", "instance_id: '$I' value: 'true'"},
      {"InvalidParameterValue", "ModifyInstanceAttribute",
       "instance_id: '$I' instance_initiated_shutdown_behavior { value: 'explode' }"},
      {"IncorrectInstanceState", "ModifyInstanceAttribute", "instance_id: '$I' instance_type { value: 'b1.small' }"},
      {"IncorrectInstanceState", "ModifyInstanceAttribute", "instance_id: '$I' user_data { value: 'x' }"},
      {"InvalidGroup.NotFound", "ModifyInstanceAttribute", "instance_id: '$I' groups: 'sg-00000000000000000'"},
      {"InvalidParameterValue", "ModifyInstanceMetadataOptions", "instance_id: '$I' http_endpoint: 'on'"},
      {"InvalidInstanceID.NotFound", "MonitorInstances", absl::StrCat("instance_ids: '", kNoInstance, "'")},
      // Types, regions, zones
      {"InvalidInstanceType", "DescribeInstanceTypes", "instance_types: 'z9.huge'"},
      {"InvalidParameterValue", "DescribeInstanceTypes", "max_results: 101"},
      {"InvalidParameterValue", "DescribeInstanceTypeOfferings", "location_type: 'planet'"},
      {"InvalidParameterValue", "DescribeRegions", "region_names: 'mars-1'"},
      {"InvalidParameterValue", "DescribeAvailabilityZones", "zone_names: 'us-east-1z'"},
      {"InvalidParameterValue", "DescribeAvailabilityZones", "zone_ids: 'use1-az9'"},
      // Tags
      {"MissingParameter", "CreateTags", "tags { key: 'a' value: 'b' }"},
      {"MissingParameter", "CreateTags", "resources: '$I'"},
      {"InvalidID", "CreateTags", "resources: 'moon-1' tags { key: 'a' }"},
      {"InvalidInstanceID.NotFound", "CreateTags", absl::StrCat("resources: '", kNoInstance, "' tags { key: 'a' }")},
      {"InvalidParameterValue", "CreateTags", "resources: '$I' tags { key: '' }"},
      {"InvalidParameterValue", "CreateTags", "resources: '$I' tags { key: '" + std::string(129, 'k') + "' }"},
      {"InvalidParameterValue", "CreateTags", "resources: '$I' tags { key: 'a' } tags { key: 'a' }"},
      {"InvalidParameterValue", "DescribeTags", "filters { name: 'colour' values: 'red' }"},
      // Key pairs
      {"MissingParameter", "CreateKeyPair", ""},
      {"InvalidParameterValue", "CreateKeyPair", "key_name: 'k' key_type: 'dsa'"},
      {"InvalidParameterValue", "CreateKeyPair", "key_name: 'k' key_format: 'der'"},
      {"InvalidParameterValue", "CreateKeyPair", "key_name: '" + std::string(256, 'k') + "'"},
      {"InvalidKey.Format", "ImportKeyPair", "key_name: 'k' public_key_material: 'no key'"},
      {"MissingParameter", "ImportKeyPair", "key_name: 'k'"},
      {"InvalidKeyPair.NotFound", "DescribeKeyPairs", "key_names: 'nobody'"},
      {"InvalidParameterValue", "DescribeKeyPairs", "key_pair_ids: 'nobody'"},
      {"MissingParameter", "DeleteKeyPair", ""},
      // Tags
      {"TagLimitExceeded", "CreateTags", "resources: '$I' " + ManyTags(51)},
      {"InvalidParameterValue", "CreateTags", "resources: '$I' tags { key: 'bell\\007' value: '' }"},
      {"InvalidParameterValue", "CreateTags", "resources: '$I' tags { key: 'k' value: '\\357\\277\\277' }"},
      {"InvalidRouteTableID.NotFound", "CreateTags", "resources: 'rtb-00000000000000000' tags { key: 'k' }"},
      // Images
      {"MissingParameter", "RegisterImage", "name: 'img'"},
      {"MissingParameter", "RegisterImage", "image_location: '/tmp'"},
      {"InvalidAMIName.Malformed", "RegisterImage", "image_location: '/tmp' name: 'x'"},
      {"InvalidAMIName.Duplicate", "RegisterImage", "image_location: '/tmp' name: 'world'"},
      {"InvalidParameterValue", "RegisterImage", "image_location: '/tmp' name: 'img' architecture: 'arm64'"},
      {"InvalidParameterValue", "RegisterImage",
       "image_location: '/tmp' name: 'img' virtualization_type: 'paravirtual'"},
      {"UnsupportedOperation", "RegisterImage",
       "image_location: '/tmp' name: 'img' block_device_mappings { device_name: '/dev/vda' ebs { volume_size: 8 } }"},
      {"InvalidAMIID.NotFound", "DescribeImages", "image_ids: 'ami-00000000000000000'"},
      {"InvalidAMIID.Malformed", "DescribeImages", "image_ids: 'mini'"},
      {"InvalidAMIID.NotFound", "DeregisterImage", "image_id: 'ami-00000000000000000'"},
      {"InvalidParameterValue", "DescribeImageAttribute", "image_id: '$AMI' attribute: 'colour'"},
      // Security groups
      {"MissingParameter", "CreateSecurityGroup", "group_name: 'web'"},
      {"InvalidParameterValue", "CreateSecurityGroup", "group_name: 'sg-web' description: 'd'"},
      {"InvalidParameterValue", "CreateSecurityGroup", "group_name: 'default' description: 'd'"},
      {"InvalidGroup.Duplicate", "CreateSecurityGroup", "group_name: 'taken' description: 'd'"},
      {"InvalidVpcID.NotFound", "CreateSecurityGroup",
       "group_name: 'web' description: 'd' vpc_id: 'vpc-00000000000000000'"},
      {"InvalidGroup.NotFound", "DescribeSecurityGroups", "group_ids: 'sg-00000000000000000'"},
      {"InvalidGroup.NotFound", "DescribeSecurityGroups", "group_names: 'nobody'"},
      {"CannotDelete", "DeleteSecurityGroup", "group_name: 'default'"},
      {"MissingParameter", "DeleteSecurityGroup", ""},
      {"MissingParameter", "AuthorizeSecurityGroupIngress", ingress},
      {"MissingParameter", "AuthorizeSecurityGroupIngress", ingress + "ip_permissions { }"},
      {"MissingParameter", "AuthorizeSecurityGroupIngress", ingress + "ip_permissions { ip_protocol: '-1' }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: 'tcp' ip_ranges { cidr_ip: '0.0.0.0/0' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_protocol: 'tcp' from_port: 22 to_port: 22 cidr_ip: '0.0.0.0/33'"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_protocol: 'tcp' from_port: 22 to_port: 65536 cidr_ip: '0.0.0.0/0'"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_protocol: 'carrier-pigeon' from_port: 1 to_port: 1 cidr_ip: '0.0.0.0/0'"},
      {"MissingParameter", "AuthorizeSecurityGroupIngress", ingress + "cidr_ip: '0.0.0.0/0'"},
      {"InvalidParameterCombination", "AuthorizeSecurityGroupIngress",
       ingress + "ip_protocol: '-1' cidr_ip: '0.0.0.0/0' ip_permissions { ip_protocol: '-1' }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' ipv6_ranges { cidr_ipv6: '::/129' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' ipv6_ranges { cidr_ipv6: '0.0.0.0/0' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' ip_ranges { cidr_ip: '::/0' } }"},
      {"MissingParameter", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' ipv6_ranges { } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: 'tcp' from_port: -1 to_port: -1 ip_ranges { cidr_ip: '0.0.0.0/0' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: 'udp' from_port: 53 ip_ranges { cidr_ip: '0.0.0.0/0' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: 'icmpv6' from_port: 256 ipv6_ranges { cidr_ipv6: '::/0' } }"},
      {"InvalidPrefixListId.Malformed", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' prefix_list_ids { prefix_list_id: 's3' } }"},
      {"InvalidPrefixListID.NotFound", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' prefix_list_ids { prefix_list_id: 'pl-63a5400a' } }"},
      {"InvalidPrefixListID.NotFound", "RevokeSecurityGroupEgress",
       ingress + "ip_permissions { ip_protocol: '-1' prefix_list_ids { prefix_list_id: 'pl-63a5400a' } }"},
      {"InvalidPermission.NotFound", "RevokeSecurityGroupEgress",
       ingress + "ip_permissions { ip_protocol: '-1' ipv6_ranges { cidr_ipv6: '::/0' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress +
           "ip_protocol: '-1' cidr_ip: '192.0.2.0/24' tag_specifications { resource_type: 'security-group' tags { "
           "key: 'a' } }"},
      {"InvalidGroup.NotFound", "AuthorizeSecurityGroupIngress",
       ingress + "ip_permissions { ip_protocol: '-1' user_id_group_pairs { group_name: 'nobody' } }"},
      {"InvalidParameterValue", "AuthorizeSecurityGroupIngress",
       ingress +
           "ip_permissions { ip_protocol: '-1' user_id_group_pairs { group_id: '$SG' user_id: '123456789012' } }"},
      {"InvalidPermission.NotFound", "RevokeSecurityGroupIngress",
       ingress + "ip_protocol: 'tcp' from_port: 1 to_port: 1 cidr_ip: '192.0.2.0/24'"},
      {"InvalidSecurityGroupRuleId.NotFound", "RevokeSecurityGroupEgress",
       ingress + "security_group_rule_ids: 'sgr-00000000000000000'"},
      {"MissingParameter", "AuthorizeSecurityGroupEgress", "ip_protocol: '-1' cidr_ip: '0.0.0.0/0'"},
      // VPCs
      {"InvalidVpcID.NotFound", "DescribeVpcs", "vpc_ids: 'vpc-00000000000000000'"},
      {"InvalidSubnetID.NotFound", "DescribeSubnets", "subnet_ids: 'subnet-00000000000000000'"},
      {"InvalidParameterValue", "DescribeSubnets", "max_results: 2"},
      {"MissingParameter", "DescribeVpcAttribute", "attribute: 'enableDnsSupport'"},
      {"MissingParameter", "DescribeVpcAttribute", "vpc_id: 'vpc-00000000000000000'"},
      {"InvalidParameterValue", "DescribeVpcAttribute", "vpc_id: 'vpc-00000000000000000' attribute: 'colour'"},
      {"InvalidVpcID.NotFound", "DescribeVpcAttribute",
       "vpc_id: 'vpc-00000000000000000' attribute: 'enableDnsSupport'"},
      {"InvalidParameterValue", "DescribeAccountAttributes", "attribute_names: 'colour'"},
      // What a VPC has, and what no call makes
      {"InvalidRouteTableID.NotFound", "DescribeRouteTables", "route_table_ids: 'rtb-00000000000000000'"},
      {"InvalidRouteTableId.Malformed", "DescribeRouteTables", "route_table_ids: 'main'"},
      {"InvalidParameterValue", "DescribeRouteTables", "filters { name: 'colour' values: 'red' }"},
      {"InvalidInternetGatewayID.NotFound", "DescribeInternetGateways",
       "internet_gateway_ids: 'igw-00000000000000000'"},
      {"InvalidInternetGatewayId.Malformed", "DescribeInternetGateways", "internet_gateway_ids: 'out'"},
      {"InvalidNetworkAclID.NotFound", "DescribeNetworkAcls", "network_acl_ids: 'acl-00000000000000000'"},
      {"InvalidParameterCombination", "DescribeNetworkAcls", "network_acl_ids: 'acl-00000000000000000' max_results: 5"},
      {"InvalidAddress.NotFound", "DescribeAddresses", "public_ips: '198.51.100.1'"},
      {"InvalidAddress.Malformed", "DescribeAddresses", "public_ips: '198.51.100'"},
      {"InvalidAllocationID.NotFound", "DescribeAddresses", "allocation_ids: 'eipalloc-00000000000000000'"},
      {"InvalidParameterValue", "DescribeAddresses", "filters { name: 'colour' values: 'red' }"},
      {"InvalidSnapshot.NotFound", "DescribeSnapshots", "snapshot_ids: 'snap-00000000000000000'"},
      {"InvalidSnapshotID.Malformed", "DescribeSnapshots", "snapshot_ids: 'backup'"},
      {"InvalidNextToken", "DescribeSnapshots", "next_token: 'bogus'"},
      {"InvalidLaunchTemplateId.NotFound", "DescribeLaunchTemplates", "launch_template_ids: 'lt-00000000000000000'"},
      {"InvalidLaunchTemplateId.Malformed", "DescribeLaunchTemplates", "launch_template_ids: 'web'"},
      {"InvalidLaunchTemplateName.NotFoundException", "DescribeLaunchTemplates", "launch_template_names: 'web'"},
      {"MissingParameter", "CreateLaunchTemplate", "launch_template_name: 'web'"},
      {"MissingParameter", "CreateLaunchTemplate", "launch_template_data { }"},
      {"InvalidLaunchTemplateName.MalformedException", "CreateLaunchTemplate",
       template_data + "launch_template_name: 'ab'"},
      {"InvalidLaunchTemplateName.MalformedException", "CreateLaunchTemplate",
       template_data + "launch_template_name: 'a b c'"},
      {"InvalidUserData.Malformed", "CreateLaunchTemplate",
       "launch_template_name: 'web' launch_template_data { user_data: '#!/bin/sh' }"},
      {"InvalidUserData.Malformed", "CreateLaunchTemplate",
       "launch_template_name: 'web' launch_template_data { user_data: '" + std::string(21852, 'A') + "' }"},
      {"InvalidUserData.Malformed", "CreateLaunchTemplateVersion",
       "launch_template_id: '$LT' launch_template_data { user_data: '" + std::string(21852, 'A') + "' }"},
      {"InvalidLaunchTemplateName.AlreadyExistsException", "CreateLaunchTemplate",
       template_data + "launch_template_name: 'there'"},
      {"InvalidAMIID.Malformed", "CreateLaunchTemplate",
       "launch_template_name: 'web' launch_template_data { image_id: 'debian' }"},
      {"InvalidParameterValue", "CreateLaunchTemplate",
       "launch_template_name: 'web' launch_template_data { placement { tenancy: 'host' } }"},
      {"InvalidParameterValue", "CreateLaunchTemplate",
       template_data + "launch_template_name: 'web' tag_specifications { resource_type: 'instance' }"},
      {"InvalidParameterValue", "CreateLaunchTemplate",
       template_data + "launch_template_name: 'web' client_token: '" + std::string(129, 'a') + "'"},
      {"InvalidParameterValue", "CreateLaunchTemplate",
       "launch_template_name: 'web' launch_template_data { " +
           Repeated("tag_specifications { tags { key: '" + std::string(100, 'k') + "' } }", 700) + "}"},
      {"MissingParameter", "CreateLaunchTemplateVersion", template_data},
      {"InvalidParameterCombination", "CreateLaunchTemplateVersion",
       template_data + "launch_template_id: '$LT' launch_template_name: 'there'"},
      {"InvalidLaunchTemplateId.Malformed", "CreateLaunchTemplateVersion", template_data + "launch_template_id: 'web'"},
      {"InvalidLaunchTemplateId.VersionNotFound", "CreateLaunchTemplateVersion",
       template_data + "launch_template_id: '$LT' source_version: '7'"},
      {"InvalidParameterValue", "CreateLaunchTemplateVersion",
       template_data + "launch_template_id: '$LT' source_version: 'new'"},
      {"MissingParameter", "DescribeLaunchTemplateVersions", ""},
      {"MissingParameter", "DescribeLaunchTemplateVersions", "versions: '1'"},
      {"InvalidParameterCombination", "DescribeLaunchTemplateVersions",
       "launch_template_id: '$LT' versions: '1' min_version: '1'"},
      {"InvalidLaunchTemplateId.VersionNotFound", "DescribeLaunchTemplateVersions",
       "launch_template_id: '$LT' versions: '7'"},
      {"InvalidLaunchTemplateId.NotFound", "DescribeLaunchTemplateVersions",
       "launch_template_id: 'lt-00000000000000000'"},
      {"InvalidLaunchTemplateName.NotFoundException", "DescribeLaunchTemplateVersions",
       "launch_template_name: 'nobody'"},
      {"InvalidParameterValue", "DescribeLaunchTemplateVersions",
       "launch_template_id: '$LT' filters { name: 'colour' values: 'red' }"},
      {"InvalidNextToken", "DescribeLaunchTemplateVersions", "launch_template_id: '$LT' next_token: 'bogus'"},
      {"InvalidLaunchTemplateId.VersionNotFound", "ModifyLaunchTemplate",
       "launch_template_id: '$LT' default_version: '7'"},
      {"MissingParameter", "ModifyLaunchTemplate", "launch_template_id: '$LT'"},
      {"InvalidLaunchTemplateId.NotFound", "DeleteLaunchTemplate", "launch_template_id: 'lt-00000000000000000'"},
      {"InvalidLaunchTemplateName.NotFoundException", "DeleteLaunchTemplate", "launch_template_name: 'nobody'"},
      {"MissingParameter", "DeleteLaunchTemplateVersions", "launch_template_id: '$LT'"},
      {"InvalidParameterValue", "DeleteLaunchTemplateVersions", "launch_template_id: '$LT' versions: '$Latest'"},
      {"InvalidLaunchTemplateId.NotFound", "RunInstances",
       run + "launch_template { launch_template_id: 'lt-00000000000000000' }"},
      {"InvalidLaunchTemplateName.NotFoundException", "RunInstances",
       run + "launch_template { launch_template_name: 'nobody' }"},
      {"InvalidLaunchTemplateId.VersionNotFound", "RunInstances",
       run + "launch_template { launch_template_id: '$LT' version: '7' }"},
      {"MissingParameter", "RunInstances", run + "launch_template { version: '1' }"},
      {"MissingParameter", "RunInstances", "min_count: 1 max_count: 1 launch_template { launch_template_id: '$LT' }"},
      {"InvalidSecurityGroupRuleId.NotFound", "DescribeSecurityGroupRules",
       "security_group_rule_ids: 'sgr-00000000000000000'"},
      {"InvalidParameterValue", "DescribeSecurityGroupRules", "filters { name: 'colour' values: 'red' }"},
      {"InvalidGroup.NotFound", "UpdateSecurityGroupRuleDescriptionsIngress",
       "group_id: 'sg-00000000000000000' ip_permissions { ip_protocol: '-1' ip_ranges { cidr_ip: '0.0.0.0/0' } }"},
      // Volumes
      {"InvalidVolume.NotFound", "DescribeVolumes", "volume_ids: 'vol-00000000000000000'"},
      {"InvalidVolumeID.Malformed", "DescribeVolumes", "volume_ids: 'disk'"},
      {"InvalidParameterValue", "DescribeVolumes", "filters { name: 'colour' values: 'red' }"},
      {"InvalidParameterValue", "DescribeVolumes", "max_results: 4"},
      {"InvalidParameterCombination", "DescribeVolumes", "max_results: 5 volume_ids: 'vol-00000000000000000'"},
      {"InvalidNextToken", "DescribeVolumes", "next_token: 'bogus'"},
      // Network interfaces
      {"InvalidNetworkInterfaceID.NotFound", "DescribeNetworkInterfaces",
       "network_interface_ids: 'eni-00000000000000000'"},
      {"InvalidNetworkInterfaceId.Malformed", "DescribeNetworkInterfaces", "network_interface_ids: 'eth0'"},
      {"InvalidParameterValue", "DescribeNetworkInterfaces", "filters { name: 'colour' values: 'red' }"},
      {"InvalidNextToken", "DescribeNetworkInterfaces", "next_token: 'bogus'"},
      {"MissingParameter", "ModifyNetworkInterfaceAttribute", "description { value: 'x' }"},
      {"InvalidNetworkInterfaceID.NotFound", "ModifyNetworkInterfaceAttribute",
       "network_interface_id: 'eni-00000000000000000' description { value: 'x' }"},
      {"InvalidParameterCombination", "ModifyNetworkInterfaceAttribute", "network_interface_id: '$ENI'"},
      {"InvalidParameterCombination", "ModifyNetworkInterfaceAttribute",
       "network_interface_id: '$ENI' description { value: 'x' } source_dest_check { value: false }"},
      {"MissingParameter", "ModifyNetworkInterfaceAttribute", "network_interface_id: '$ENI' source_dest_check { }"},
      {"MissingParameter", "ModifyNetworkInterfaceAttribute",
       "network_interface_id: '$ENI' attachment { delete_on_termination: true }"},
      {"InvalidAttachmentID.NotFound", "ModifyNetworkInterfaceAttribute",
       "network_interface_id: '$ENI' attachment { attachment_id: 'x' delete_on_termination: true }"},
      {"InvalidGroup.NotFound", "ModifyNetworkInterfaceAttribute",
       "network_interface_id: '$ENI' groups: '$SG' groups: 'sg-00000000000000000'"},
      {"InvalidParameterValue", "ModifyNetworkInterfaceAttribute",
       "network_interface_id: '$ENI' description { value: '" + std::string(256, 'd') + "' }"},
      // Options of instances
      {"InvalidInstanceID.NotFound", "GetPasswordData", absl::StrCat("instance_id: '", kNoInstance, "'")},
      {"MissingParameter", "GetPasswordData", ""},
      {"InvalidInstanceID.NotFound", "DescribeInstanceCreditSpecifications",
       absl::StrCat("instance_ids: '", kNoInstance, "'")},
      {"InvalidParameterValue", "DescribeInstanceCreditSpecifications", "filters { name: 'colour' values: 'red' }"},
      {"MissingParameter", "ModifyInstanceCreditSpecification", ""},
      {"MissingParameter", "ModifyInstanceCreditSpecification", "instance_credit_specifications { instance_id: '$I' }"},
      {"InvalidInstanceID.Malformed", "ModifyInstanceCreditSpecification",
       "instance_credit_specifications { instance_id: 'x' cpu_credits: 'standard' }"},
      {"InvalidParameterValue", "ModifyInstanceCreditSpecification",
       "instance_credit_specifications { instance_id: '$I' cpu_credits: 'plenty' }"},
      {"IncorrectInstanceState", "ModifyInstanceMaintenanceOptions", "instance_id: '$DEAD' auto_recovery: 'default'"},
      {"InvalidParameterValue", "ModifyInstanceMaintenanceOptions", "instance_id: '$I' auto_recovery: 'never'"},
      {"InstanceCreditSpecification.NotSupported", "DescribeInstanceCreditSpecifications", "instance_ids: '$I'"},
      {"InvalidInstanceID.NotFound", "ModifyPrivateDnsNameOptions",
       absl::StrCat("instance_id: '", kNoInstance, "' private_dns_hostname_type: 'ip-name'")},
  };
  return cases;
}

}  // namespace

TEST_CASE("every bad input is refused with EC2's code and changes nothing", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  const InstanceId dead = world.Launch();
  REQUIRE(world.service->Terminate({&dead, 1}).ok());
  REQUIRE(world.Reaches(dead, InstanceState::kTerminated));
  const std::string group = world.groups.Resolve(std::nullopt, "default")->id.text();
  const std::string eni = world.interfaces.List({})->front().eni.id.text();
  REQUIRE(world.groups.Create("taken", "d", std::nullopt, {}).ok());
  const std::string subnet = world.networks.ListSubnets()->front().subnet.id.text();

  ec2::v1::CreateLaunchTemplateRequest create;
  create.set_launch_template_name("there");
  create.mutable_launch_template_data()->set_key_name("nobody");
  const std::string launch_template =
      Value(world.Call<ec2::v1::CreateLaunchTemplateResponse>(create)).launch_template().launch_template_id();

  std::vector<Case> cases = Cases();
  // A dry run of a launch is refused as the launch is.
  for (const Case& bad : Cases()) {
    if (std::string(bad.action) != "RunInstances" || bad.request.find("dry_run") != std::string::npos) continue;
    cases.push_back({bad.code, bad.action, bad.request + " dry_run: true"});
  }
  CHECK(cases.size() >= 60);
  CheckRefused(
      world, cases,
      {"DescribeInstances", "DescribeTags", "DescribeKeyPairs", "DescribeImages", "DescribeSecurityGroups",
       "DescribeVpcs", "DescribeSubnets", "DescribeVolumes", "DescribeNetworkInterfaces", "DescribeLaunchTemplates"},
      {{"$AMI", world.image.text()},
       {"$I", id.text()},
       {"$DEAD", dead.text()},
       {"$SG", group},
       {"$SUBNET", subnet},
       {"$ENI", eni},
       {"$LT", launch_template}});
}

TEST_CASE("who is no administrator may do nothing", "[api]") {
  ApiWorld world;
  Caller nobody{.principal = "uid:65534", .uid = 65534, .administrator = false, .source = "unix", .request_id = "r"};
  for (const char* action : {"RunInstances", "DescribeInstances", "DescribeHost", "CreateKeyPair"}) {
    const auto* method = world.FindRpc(action);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    const auto refused = world.dispatcher.Call(*method, *request, nobody);
    CHECK(ec2::ErrorCode(refused.status()) == "UnauthorizedOperation");
  }
}

}  // namespace brume
