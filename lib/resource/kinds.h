// The one table of the kinds of resources that EC2 tells apart by the prefix of their ids. A new kind is a new row: its
// ids, their form in requests, their ARNs, their tags and its errors follow from it.
#pragma once

#include <cstddef>
#include <iterator>

#include "absl/strings/string_view.h"
#include "lib/resource/error_codes.h"

namespace brume {

struct Kind {
  absl::string_view prefix;  // of ids: "i". Has no dash
  // Said of an id ($0) that is not there, in EC2's own words: programs match them.
  absl::string_view not_there;
  // In ARNs: "instance" of arn:aws:ec2:REGION:ACCOUNT:instance/i-…; empty = has no ARN.
  absl::string_view arn_type;
  // EC2's ResourceType of tags; empty = takes no tags.
  absl::string_view tag_type;
  // Where its rows are, whose column `id` is the id; a trigger deletes a row's tags with it. Empty = has no rows.
  absl::string_view table;
  ec2::KnownCode malformed;
  ec2::KnownCode not_found;
  // Images and snapshots may be anybody's: arn:aws:ec2:REGION::image/ami-…
  bool arn_has_account = true;
};

// Sorted by prefix.
inline constexpr Kind kKinds[] = {
    {"acl", "The networkAcl ID '$0' does not exist", "network-acl", "network-acl", "network_acls",
     "InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound"},
    {"aclassoc", "The association ID '$0' does not exist", "", "", "", "InvalidParameterValue",
     "InvalidAssociationID.NotFound"},
    {"ami", "The image id '[$0]' does not exist", "image", "image", "images", "InvalidAMIID.Malformed",
     "InvalidAMIID.NotFound", /*arn_has_account=*/false},
    {"dopt", "The dhcpOptions ID '$0' does not exist", "dhcp-options", "dhcp-options", "dhcp_options",
     "InvalidDhcpOptionsId.Malformed", "InvalidDhcpOptionID.NotFound"},
    {"eigw", "The eigw ID '$0' does not exist", "egress-only-internet-gateway", "egress-only-internet-gateway",
     "egress_only_gateways", "InvalidEgressOnlyInternetGatewayId.Malformed",
     "InvalidEgressOnlyInternetGatewayId.NotFound"},
    {"eipalloc", "The allocation ID '$0' does not exist", "elastic-ip", "elastic-ip", "addresses",
     "InvalidParameterValue", "InvalidAllocationID.NotFound"},
    {"eipassoc", "The association ID '$0' does not exist", "", "", "", "InvalidParameterValue",
     "InvalidAssociationID.NotFound"},
    {"eni", "The networkInterface ID '$0' does not exist", "network-interface", "network-interface",
     "network_interfaces", "InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound"},
    {"export-ami", "The export task ID '$0' does not exist", "export-image-task", "export-image-task", "export_tasks",
     "InvalidExportTaskID.Malformed", "InvalidExportTaskID.NotFound"},
    {"fl", "Flow log '$0' does not exist", "vpc-flow-log", "vpc-flow-log", "flow_logs", "InvalidFlowLogId.Malformed",
     "InvalidFlowLogId.NotFound"},
    {"i", "The instance ID '$0' does not exist", "instance", "instance", "instances", "InvalidInstanceID.Malformed",
     "InvalidInstanceID.NotFound"},
    {"igw", "The internetGateway ID '$0' does not exist", "internet-gateway", "internet-gateway", "internet_gateways",
     "InvalidInternetGatewayId.Malformed", "InvalidInternetGatewayID.NotFound"},
    {"import-ami", "The import task ID '$0' does not exist", "import-image-task", "import-image-task", "import_tasks",
     "InvalidConversionTaskId.Malformed", "InvalidConversionTaskId"},
    {"import-snap", "The import task ID '$0' does not exist", "import-snapshot-task", "import-snapshot-task",
     "import_tasks", "InvalidConversionTaskId.Malformed", "InvalidConversionTaskId"},
    {"key", "The key pair '$0' does not exist", "key-pair", "key-pair", "key_pairs", "InvalidParameterValue",
     "InvalidKeyPair.NotFound"},
    {"lt", "The specified launch template, with template ID $0, does not exist.", "launch-template", "launch-template",
     "launch_templates", "InvalidLaunchTemplateId.Malformed", "InvalidLaunchTemplateId.NotFound"},
    {"nat", "NAT gateway $0 was not found", "natgateway", "natgateway", "nat_gateways", "NatGatewayMalformed",
     "NatGatewayNotFound"},
    {"nia", "The network insights analysis '$0' does not exist", "network-insights-analysis",
     "network-insights-analysis", "network_insights_analyses", "InvalidNetworkInsightsAnalysisId.Malformed",
     "InvalidNetworkInsightsAnalysisId.NotFound"},
    {"nip", "The network insights path '$0' does not exist", "network-insights-path", "network-insights-path",
     "network_insights_paths", "InvalidNetworkInsightsPathId.Malformed", "InvalidNetworkInsightsPathId.NotFound"},
    {"pcx", "The vpcPeeringConnection ID '$0' does not exist", "vpc-peering-connection", "vpc-peering-connection",
     "vpc_peering_connections", "InvalidVpcPeeringConnectionId.Malformed", "InvalidVpcPeeringConnectionID.NotFound"},
    {"pl", "The prefix list ID '$0' does not exist", "prefix-list", "prefix-list", "prefix_lists",
     "InvalidPrefixListId.Malformed", "InvalidPrefixListID.NotFound"},
    {"r", "The reservation ID '$0' does not exist", "", "", "", "InvalidReservationID.Malformed",
     "InvalidReservationID.NotFound"},
    {"replacevol", "The replace root volume task ID '$0' does not exist", "replace-root-volume-task",
     "replace-root-volume-task", "root_replacements", "InvalidReplaceRootVolumeTaskId.Malformed",
     "InvalidReplaceRootVolumeTaskId.NotFound"},
    {"rtb", "The routeTable ID '$0' does not exist", "route-table", "route-table", "route_tables",
     "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"},
    {"rtbassoc", "The association ID '$0' does not exist", "", "", "", "InvalidParameterValue",
     "InvalidAssociationID.NotFound"},
    {"sg", "The security group '$0' does not exist", "security-group", "security-group", "security_groups",
     "InvalidGroupId.Malformed", "InvalidGroup.NotFound"},
    {"sgr", "The security group rule ID '$0' does not exist", "security-group-rule", "security-group-rule",
     "security_group_rules", "InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound"},
    // Each is an image by another name.
    {"snap", "The snapshot '$0' does not exist.", "snapshot", "snapshot", "", "InvalidSnapshotID.Malformed",
     "InvalidSnapshot.NotFound", /*arn_has_account=*/false},
    {"subnet", "The subnet ID '$0' does not exist", "subnet", "subnet", "subnets", "InvalidSubnetID.Malformed",
     "InvalidSubnetID.NotFound"},
    {"subnet-cidr-assoc", "The subnet CIDR block association ID '$0' does not exist", "", "", "",
     "InvalidSubnetCidrBlockAssociationID.Malformed", "InvalidSubnetCidrBlockAssociationID.NotFound"},
    {"vol", "The volume '$0' does not exist.", "volume", "volume", "volumes", "InvalidVolumeID.Malformed",
     "InvalidVolume.NotFound"},
    {"vpc", "The vpc ID '$0' does not exist", "vpc", "vpc", "vpcs", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound"},
    {"vpc-cidr-assoc", "The vpc CIDR block association ID '$0' does not exist", "", "", "",
     "InvalidVpcCidrBlockAssociationId.Malformed", "InvalidVpcCidrBlockAssociationID.NotFound"},
    {"vpce", "The Vpc Endpoint Id '$0' does not exist", "vpc-endpoint", "vpc-endpoint", "vpc_endpoints",
     "InvalidVpcEndpointId.Malformed", "InvalidVpcEndpointId.NotFound"},
};

// The row of a prefix; their count for one that no kind has.
constexpr size_t IndexOfKind(absl::string_view prefix) {
  size_t index = 0;
  while (index < std::size(kKinds) && kKinds[index].prefix != prefix) ++index;
  return index;
}

// Null for a prefix that no kind has.
constexpr const Kind* FindKind(absl::string_view prefix) {
  const size_t index = IndexOfKind(prefix);
  return index < std::size(kKinds) ? &kKinds[index] : nullptr;
}

// The kind of this type in ARNs; null when no kind has it.
constexpr const Kind* FindKindByArnType(absl::string_view arn_type) {
  for (const Kind& kind : kKinds) {
    if (!arn_type.empty() && kind.arn_type == arn_type) return &kind;
  }
  return nullptr;
}

// The kind whose prefix stands before the last dash of `id`, or before the first; null when it is no kind's. Says
// nothing of the rest.
const Kind* KindOfId(absl::string_view id);

}  // namespace brume
