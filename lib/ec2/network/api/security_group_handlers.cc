#include "lib/ec2/network/api/security_group_handlers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/made_facts.h"
#include "lib/ec2/network/api/permissions.h"
#include "lib/ec2/network/api/security_group_target.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/parameters.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

using Group = v1::SecurityGroup;

absl::StatusOr<v1::CreateSecurityGroupResponse> CreateSecurityGroup(const v1::CreateSecurityGroupRequest& request,
                                                                    network::SecurityGroupService& groups,
                                                                    const Settings& settings) {
  ASSIGN_OR_RETURN(const auto vpc, gateway::ParseOptionalId<VpcId>(request.vpc_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), SecurityGroupId::kKind));
  ASSIGN_OR_RETURN(const network::SecurityGroupView view,
                   groups.Create(request.group_name(), request.description(), vpc, tags));
  v1::CreateSecurityGroupResponse response;
  response.set_group_id(view.group.id.text());
  response.set_security_group_arn(ArnOf(settings.account(), view.group.id));
  *response.mutable_tags() = RenderTags(view.tags);
  return response;
}

Group Render(const network::SecurityGroupView& view, const Settings& settings) {
  Group rendered;
  rendered.set_description(view.group.description);
  rendered.set_group_name(view.group.name);
  rendered.set_owner_id(settings.account_id);
  rendered.set_group_id(view.group.id.text());
  rendered.set_security_group_arn(ArnOf(settings.account(), view.group.id));
  rendered.set_vpc_id(view.group.vpc_id.text());
  *rendered.mutable_ip_permissions() = RenderPermissions(view, false, settings.account_id);
  *rendered.mutable_ip_permissions_egress() = RenderPermissions(view, true, settings.account_id);
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

// EC2 answers with the ids of referenced groups alone, and filters by their names too.
void NameReferenced(const network::SecurityGroupView& view, Permissions& permissions) {
  for (v1::IpPermission& permission : permissions) {
    for (v1::UserIdGroupPair& pair : *permission.mutable_user_id_group_pairs()) {
      const absl::StatusOr<SecurityGroupId> id = SecurityGroupId::Parse(pair.group_id());
      if (id.ok()) pair.set_group_name(view.referenced.at(*id).name);
    }
  }
}

absl::StatusOr<v1::DeleteSecurityGroupResponse> DeleteSecurityGroup(const v1::DeleteSecurityGroupRequest& request,
                                                                    network::SecurityGroupService& groups) {
  ASSIGN_OR_RETURN(const SecurityGroupId id, Target(request, groups));
  RETURN_IF_ERROR(groups.Delete(id));
  v1::DeleteSecurityGroupResponse response;
  response.set_return_(true);
  response.set_group_id(id.text());
  return response;
}

absl::StatusOr<v1::DescribeSecurityGroupsResponse> DescribeSecurityGroups(
    const v1::DescribeSecurityGroupsRequest& request, network::SecurityGroupService& groups, const Settings& settings) {
  const bool named = !request.group_ids().empty() || !request.group_names().empty();
  RETURN_IF_ERROR(gateway::CheckPaging(request, named, "groupId"));
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  ASSIGN_OR_RETURN(std::vector<SecurityGroupId> wanted, gateway::ParseIds<SecurityGroupId>(request.group_ids()));
  // Names mean groups of the default VPC.
  for (const std::string& name : request.group_names()) {
    ASSIGN_OR_RETURN(SecurityGroup group, groups.Resolve(std::nullopt, name));
    wanted.push_back(std::move(group.id));
  }
  // Each once, also where it is named by its id and its name.
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  ASSIGN_OR_RETURN(const std::vector<network::SecurityGroupView> all,
                   groups.List(wanted, TagsAskedFor(request.filters(), SecurityGroupId::kKind.prefix)));
  std::vector<Group> kept;
  for (const network::SecurityGroupView& view : all) {
    Group group = Render(view, settings);
    Group named_group = group;
    NameReferenced(view, *named_group.mutable_ip_permissions());
    NameReferenced(view, *named_group.mutable_ip_permissions_egress());
    if (keep(named_group)) kept.push_back(std::move(group));
  }
  std::sort(kept.begin(), kept.end(), [](const Group& a, const Group& b) { return a.group_id() < b.group_id(); });
  v1::DescribeSecurityGroupsResponse response;
  ASSIGN_OR_RETURN(kept, gateway::Page(
                             "groups", std::move(kept), request, [](const Group& g) { return g.group_id(); },
                             [&](std::string token) { response.set_next_token(std::move(token)); }));
  for (Group& group : kept) *response.add_security_groups() = std::move(group);
  return response;
}

// The one rule in a call's own fields, as permissions; empty when none of the fields is used.
template <typename Request>
absl::StatusOr<Permissions> FlatPermissions(const Request& request) {
  Permissions permissions;
  const bool has_group = !request.source_security_group_name().empty();
  if (!request.has_cidr_ip() && !request.has_ip_protocol() && !request.has_from_port() && !request.has_to_port() &&
      !has_group) {
    return permissions;
  }
  const auto add = [&](const std::string& protocol) -> v1::IpPermission& {
    v1::IpPermission& permission = *permissions.Add();
    permission.set_ip_protocol(protocol);
    if (request.has_cidr_ip()) permission.add_ip_ranges()->set_cidr_ip(request.cidr_ip());
    if (has_group) {
      v1::UserIdGroupPair& pair = *permission.add_user_id_group_pairs();
      pair.set_group_name(request.source_security_group_name());
      pair.set_user_id(request.source_security_group_owner_id());
    }
    return permission;
  };
  if (request.has_ip_protocol()) {
    v1::IpPermission& permission = add(request.ip_protocol());
    if (request.has_from_port()) permission.set_from_port(request.from_port());
    if (request.has_to_port()) permission.set_to_port(request.to_port());
    return permissions;
  }
  if (!has_group || request.has_cidr_ip() || request.has_from_port() || request.has_to_port()) {
    return ec2::Error(ec2::kMissingParameter, "ipProtocol");
  }
  // A group alone means all TCP, UDP and ICMP of its members, as in EC2.
  for (const char* protocol : {"tcp", "udp", "icmp"}) {
    v1::IpPermission& permission = add(protocol);
    const bool icmp = permission.ip_protocol() == "icmp";
    permission.set_from_port(icmp ? -1 : 0);
    permission.set_to_port(icmp ? -1 : 65535);
  }
  return permissions;
}

// Empty when the call names no rule in either form.
template <typename Request>
absl::StatusOr<std::vector<SecurityGroupRule>> RulesOf(const Request& request, bool egress,
                                                       network::SecurityGroupService& groups,
                                                       const Settings& settings) {
  ASSIGN_OR_RETURN(Permissions permissions, FlatPermissions(request));
  if (!permissions.empty() && !request.ip_permissions().empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameter ipPermissions may not be used together with the parameters of a single rule");
  }
  if (permissions.empty()) permissions = request.ip_permissions();
  return ParsePermissions(permissions, egress, settings.account_id, GroupByName(groups));
}

absl::Status NoRules() { return ec2::Error(ec2::kMissingParameter, "ipPermissions"); }

template <typename Response, typename Request>
absl::StatusOr<Response> Authorize(const Request& request, bool egress, network::SecurityGroupService& groups,
                                   const Settings& settings) {
  ASSIGN_OR_RETURN(const SecurityGroupId id, Target(request, groups));
  ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules, RulesOf(request, egress, groups, settings));
  if (rules.empty()) return NoRules();
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), SecurityGroupRuleId::kKind));
  ASSIGN_OR_RETURN(rules, groups.Authorize(id, std::move(rules), tags));
  Response response;
  response.set_return_(true);
  for (const SecurityGroupRule& rule : rules) {
    v1::SecurityGroupRule& rendered = *response.add_security_group_rules();
    rendered = RenderRule(rule, settings.account());
    *rendered.mutable_tags() = RenderTags(tags);
  }
  return response;
}

v1::RevokedSecurityGroupRule RenderRevoked(const SecurityGroupRule& rule) {
  v1::RevokedSecurityGroupRule rendered;
  rendered.set_security_group_rule_id(rule.id.text());
  rendered.set_group_id(rule.group_id.text());
  rendered.set_is_egress(rule.egress);
  rendered.set_ip_protocol(IpProtocolName(rule.protocol));
  rendered.set_from_port(rule.from_port);
  rendered.set_to_port(rule.to_port);
  if (rule.cidr) rendered.set_cidr_ipv4(rule.cidr->text());
  if (rule.cidr_ipv6) rendered.set_cidr_ipv6(rule.cidr_ipv6->text());
  if (!rule.prefix_list.empty()) rendered.set_prefix_list_id(rule.prefix_list.text());
  if (!rule.referenced_group.empty()) rendered.set_referenced_group_id(rule.referenced_group.text());
  if (!rule.description.empty()) rendered.set_description(rule.description);
  return rendered;
}

template <typename Response, typename Request>
absl::StatusOr<Response> Revoke(const Request& request, bool egress, network::SecurityGroupService& groups,
                                const Settings& settings) {
  ASSIGN_OR_RETURN(const SecurityGroupId id, Target(request, groups));
  ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules, RulesOf(request, egress, groups, settings));
  ASSIGN_OR_RETURN(const auto rule_ids, gateway::ParseIds<SecurityGroupRuleId>(request.security_group_rule_ids()));
  if (!rules.empty() && !rule_ids.empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameter securityGroupRuleId may not be used together with rules");
  }
  if (!rule_ids.empty()) {
    ASSIGN_OR_RETURN(rules, groups.RevokeById(id, egress, rule_ids));
  } else {
    if (rules.empty()) return NoRules();
    ASSIGN_OR_RETURN(rules, groups.Revoke(id, std::move(rules)));
  }
  Response response;
  response.set_return_(true);
  for (const SecurityGroupRule& rule : rules) *response.add_revoked_security_group_rules() = RenderRevoked(rule);
  return response;
}

absl::StatusOr<v1::AuthorizeSecurityGroupIngressResponse> AuthorizeSecurityGroupIngress(
    const v1::AuthorizeSecurityGroupIngressRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  return Authorize<v1::AuthorizeSecurityGroupIngressResponse>(request, /*egress=*/false, groups, settings);
}

absl::StatusOr<v1::AuthorizeSecurityGroupEgressResponse> AuthorizeSecurityGroupEgress(
    const v1::AuthorizeSecurityGroupEgressRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  return Authorize<v1::AuthorizeSecurityGroupEgressResponse>(request, /*egress=*/true, groups, settings);
}

absl::StatusOr<v1::RevokeSecurityGroupIngressResponse> RevokeSecurityGroupIngress(
    const v1::RevokeSecurityGroupIngressRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  return Revoke<v1::RevokeSecurityGroupIngressResponse>(request, /*egress=*/false, groups, settings);
}

absl::StatusOr<v1::RevokeSecurityGroupEgressResponse> RevokeSecurityGroupEgress(
    const v1::RevokeSecurityGroupEgressRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  return Revoke<v1::RevokeSecurityGroupEgressResponse>(request, /*egress=*/true, groups, settings);
}

}  // namespace

void AddSecurityGroupActions(gateway::Actions& actions, network::SecurityGroupService& groups,
                             const Settings& settings) {
  actions.Add(CreateSecurityGroup, groups, settings)
      .CompletedBy([&groups](const v1::CreateSecurityGroupRequest& request)
                       -> absl::StatusOr<std::optional<v1::CreateSecurityGroupRequest>> {
        if (!request.vpc_id().empty()) return std::nullopt;
        ASSIGN_OR_RETURN(const VpcId vpc, groups.DefaultVpc());
        v1::CreateSecurityGroupRequest whole = request;
        whole.set_vpc_id(vpc.text());
        return whole;
      })
      .DescribedBy(MadeInVpc(SecurityGroupId::kKind, settings.account()));
  actions.Add(DescribeSecurityGroups, groups, settings);
  const auto by_id = WithGroupId(groups);
  actions.Add(DeleteSecurityGroup, groups).CompletedBy(by_id);
  actions.Add(AuthorizeSecurityGroupIngress, groups, settings).CompletedBy(by_id);
  actions.Add(AuthorizeSecurityGroupEgress, groups, settings);
  actions.Add(RevokeSecurityGroupIngress, groups, settings).CompletedBy(by_id);
  actions.Add(RevokeSecurityGroupEgress, groups, settings);
}

}  // namespace brume::ec2
