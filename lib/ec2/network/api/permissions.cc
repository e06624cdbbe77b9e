#include "lib/ec2/network/api/permissions.h"

#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

constexpr int kTcp = 6;
constexpr int kUdp = 17;

absl::StatusOr<SecurityGroupRule> ParseProtocol(const v1::IpPermission& permission, bool egress) {
  SecurityGroupRule rule;
  rule.egress = egress;
  ASSIGN_OR_RETURN(rule.protocol, ParseIpProtocol(permission.ip_protocol()));
  if ((rule.protocol == kTcp || rule.protocol == kUdp) && (!permission.has_from_port() || !permission.has_to_port())) {
    return ec2::Error("InvalidParameterValue",
                      "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
  }
  if (permission.has_from_port()) rule.from_port = permission.from_port();
  if (permission.has_to_port()) rule.to_port = permission.to_port();
  return rule;
}

absl::StatusOr<SecurityGroupId> ParseGroup(const v1::UserIdGroupPair& pair, const std::string& account_id,
                                           FindGroup find_group) {
  if (!pair.user_id().empty() && pair.user_id() != account_id) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid value '", absl::string_view(pair.user_id()).substr(0, 100),
                                   "' for userId. The only account of this installation is ", account_id));
  }
  if (!pair.group_id().empty()) return SecurityGroupId::Parse(pair.group_id());
  if (!pair.group_name().empty()) return find_group(pair.group_name());
  return ec2::Error(ec2::kMissingParameter, "groupId or groupName");
}

// EC2 says where a group is only of one that is in another VPC.
template <typename Rendered>
void RenderPeer(const network::ReferencedGroup& group, Rendered& rendered) {
  if (group.peer.has_value()) rendered.set_vpc_id(group.peer->text());
  if (!group.peering.has_value()) return;
  rendered.set_vpc_peering_connection_id(group.peering->id.text());
  rendered.set_peering_status(std::string(kPeeringStateNames.Of(group.peering->state)));
}

}  // namespace

absl::StatusOr<std::vector<SecurityGroupRule>> ParsePermissions(const Permissions& permissions, bool egress,
                                                                const std::string& account_id, FindGroup find_group) {
  std::vector<SecurityGroupRule> rules;
  for (const v1::IpPermission& permission : permissions) {
    if (permission.ip_ranges().empty() && permission.ipv6_ranges().empty() && permission.prefix_list_ids().empty() &&
        permission.user_id_group_pairs().empty()) {
      return ec2::Error(
          "MissingParameter",
          "A permission must contain one of the parameters ipRanges, ipv6Ranges, prefixListIds and groups");
    }
    ASSIGN_OR_RETURN(const SecurityGroupRule rule, ParseProtocol(permission, egress));
    for (const v1::IpRange& range : permission.ip_ranges()) {
      SecurityGroupRule one = rule;
      ASSIGN_OR_RETURN(one.cidr, Cidr::Parse(range.cidr_ip()));
      one.description = range.description();
      rules.push_back(std::move(one));
    }
    for (const v1::Ipv6Range& range : permission.ipv6_ranges()) {
      SecurityGroupRule one = rule;
      ASSIGN_OR_RETURN(one.cidr_ipv6, CidrIpv6::Parse(range.cidr_ipv6()));
      one.description = range.description();
      rules.push_back(std::move(one));
    }
    for (const v1::PrefixListId& list : permission.prefix_list_ids()) {
      SecurityGroupRule one = rule;
      ASSIGN_OR_RETURN(one.prefix_list, PrefixListId::Parse(list.prefix_list_id()));
      one.description = list.description();
      rules.push_back(std::move(one));
    }
    for (const v1::UserIdGroupPair& pair : permission.user_id_group_pairs()) {
      SecurityGroupRule one = rule;
      ASSIGN_OR_RETURN(one.referenced_group, ParseGroup(pair, account_id, find_group));
      one.description = pair.description();
      rules.push_back(std::move(one));
    }
  }
  return rules;
}

Permissions RenderPermissions(const network::SecurityGroupView& view, bool egress, const std::string& account_id) {
  std::map<std::tuple<int, int, int>, v1::IpPermission> by_ports;
  for (const SecurityGroupRule& rule : view.rules) {
    if (rule.egress != egress) continue;
    v1::IpPermission& permission = by_ports[{rule.protocol, rule.from_port, rule.to_port}];
    permission.set_ip_protocol(IpProtocolName(rule.protocol));
    if (rule.protocol != -1) {
      permission.set_from_port(rule.from_port);
      permission.set_to_port(rule.to_port);
    }
    if (rule.cidr) {
      v1::IpRange& range = *permission.add_ip_ranges();
      range.set_cidr_ip(rule.cidr->text());
      if (!rule.description.empty()) range.set_description(rule.description);
    } else if (rule.cidr_ipv6) {
      v1::Ipv6Range& range = *permission.add_ipv6_ranges();
      range.set_cidr_ipv6(rule.cidr_ipv6->text());
      if (!rule.description.empty()) range.set_description(rule.description);
    } else if (!rule.prefix_list.empty()) {
      v1::PrefixListId& list = *permission.add_prefix_list_ids();
      list.set_prefix_list_id(rule.prefix_list.text());
      if (!rule.description.empty()) list.set_description(rule.description);
    } else {
      v1::UserIdGroupPair& pair = *permission.add_user_id_group_pairs();
      pair.set_group_id(rule.referenced_group.text());
      pair.set_user_id(account_id);
      const auto referenced = view.referenced.find(rule.referenced_group);
      if (referenced != view.referenced.end()) RenderPeer(referenced->second, pair);
      if (!rule.description.empty()) pair.set_description(rule.description);
    }
  }
  Permissions permissions;
  for (auto& [ports, permission] : by_ports) *permissions.Add() = std::move(permission);
  return permissions;
}

v1::SecurityGroupRule RenderRule(const SecurityGroupRule& rule, const Account& account,
                                 const std::optional<network::ReferencedGroup>& referenced) {
  v1::SecurityGroupRule rendered;
  rendered.set_security_group_rule_id(rule.id.text());
  rendered.set_group_id(rule.group_id.text());
  rendered.set_group_owner_id(account.id);
  rendered.set_security_group_rule_arn(ArnOf(account, rule.id));
  rendered.set_is_egress(rule.egress);
  rendered.set_ip_protocol(IpProtocolName(rule.protocol));
  rendered.set_from_port(rule.from_port);
  rendered.set_to_port(rule.to_port);
  if (rule.cidr) {
    rendered.set_cidr_ipv4(rule.cidr->text());
  } else if (rule.cidr_ipv6) {
    rendered.set_cidr_ipv6(rule.cidr_ipv6->text());
  } else if (!rule.prefix_list.empty()) {
    rendered.set_prefix_list_id(rule.prefix_list.text());
  } else {
    v1::ReferencedSecurityGroup& group = *rendered.mutable_referenced_group_info();
    group.set_group_id(rule.referenced_group.text());
    group.set_user_id(account.id);
    if (referenced.has_value()) RenderPeer(*referenced, group);
  }
  if (!rule.description.empty()) rendered.set_description(rule.description);
  return rendered;
}

}  // namespace brume::ec2
