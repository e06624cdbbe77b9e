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
  absl::string_view noun;    // in messages: "instance"
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
    {"acl", "networkAcl", "network-acl", "", "", "InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound"},
    {"ami", "image", "image", "image", "images", "InvalidAMIID.Malformed", "InvalidAMIID.NotFound",
     /*arn_has_account=*/false},
    {"eipalloc", "allocation", "elastic-ip", "", "", "InvalidParameterValue", "InvalidAllocationID.NotFound"},
    {"eni", "network interface", "network-interface", "network-interface", "network_interfaces",
     "InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound"},
    {"i", "instance", "instance", "instance", "instances", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound"},
    {"igw", "internetGateway", "internet-gateway", "", "", "InvalidInternetGatewayId.Malformed",
     "InvalidInternetGatewayID.NotFound"},
    {"key", "key pair", "key-pair", "key-pair", "key_pairs", "InvalidParameterValue", "InvalidKeyPair.NotFound"},
    {"lt", "launch template", "launch-template", "launch-template", "launch_templates",
     "InvalidLaunchTemplateId.Malformed", "InvalidLaunchTemplateId.NotFound"},
    {"r", "reservation", "", "", "", "InvalidReservationID.Malformed", "InvalidReservationID.NotFound"},
    {"rtb", "routeTable", "route-table", "", "", "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"},
    {"sg", "security group", "security-group", "security-group", "security_groups", "InvalidGroupId.Malformed",
     "InvalidGroup.NotFound"},
    {"sgr", "security group rule", "security-group-rule", "security-group-rule", "security_group_rules",
     "InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound"},
    // No call makes snapshots yet.
    {"snap", "snapshot", "snapshot", "snapshot", "", "InvalidSnapshotID.Malformed", "InvalidSnapshot.NotFound",
     /*arn_has_account=*/false},
    {"subnet", "subnet", "subnet", "subnet", "subnets", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound"},
    {"vol", "volume", "volume", "volume", "volumes", "InvalidVolumeID.Malformed", "InvalidVolume.NotFound"},
    {"vpc", "vpc", "vpc", "vpc", "vpcs", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound"},
};

// Null for a prefix that no kind has.
constexpr const Kind* FindKind(absl::string_view prefix) {
  for (const Kind& kind : kKinds) {
    if (kind.prefix == prefix) return &kind;
  }
  return nullptr;
}

// The kind of this type in ARNs; null when no kind has it.
constexpr const Kind* FindKindByArnType(absl::string_view arn_type) {
  for (const Kind& kind : kKinds) {
    if (!arn_type.empty() && kind.arn_type == arn_type) return &kind;
  }
  return nullptr;
}

// The kind whose prefix stands before the first dash of `id`; null when it is no kind's. Says nothing of the rest.
const Kind* KindOfId(absl::string_view id);

}  // namespace brume
