#include "lib/ec2/network/api/security_group_rule_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/security_group.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/api/permissions.h"
#include "lib/ec2/network/api/security_group_target.h"
#include "lib/gateway/listing.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

using Rule = v1::SecurityGroupRule;

absl::StatusOr<v1::DescribeSecurityGroupRulesResponse> DescribeSecurityGroupRules(
    const v1::DescribeSecurityGroupRulesRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  static const gateway::Listing<Rule, v1::DescribeSecurityGroupRulesResponse> listing = {
      "rules", &Rule::security_group_rule_id, &v1::DescribeSecurityGroupRulesResponse::mutable_security_group_rules};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<SecurityGroupRuleId>(request, request.security_group_rule_ids(),
                                                                          "securityGroupRuleId"));
  ASSIGN_OR_RETURN(const auto views,
                   groups.ListRules(ids, TagsAskedFor(request.filters(), SecurityGroupRuleId::kKind.prefix)));
  std::vector<Rule> rules;
  rules.reserve(views.size());
  for (const network::SecurityGroupRuleView& view : views) {
    rules.push_back(RenderRule(view.rule, settings.account(), view.referenced));
    *rules.back().mutable_tags() = RenderTags(view.tags);
  }
  return gateway::Answer(listing, request, std::move(rules));
}

// A rule in its form of one field each, as the permission it is.
absl::StatusOr<v1::IpPermission> PermissionOf(const v1::SecurityGroupRuleRequest& wanted) {
  const int peers =
      wanted.has_cidr_ipv4() + wanted.has_cidr_ipv6() + wanted.has_prefix_list_id() + wanted.has_referenced_group_id();
  if (peers != 1) {
    return ec2::Error(
        peers == 0 ? ec2::KnownCode("MissingParameter") : ec2::KnownCode("InvalidParameterCombination"),
        "A rule must contain one of the parameters cidrIpv4, cidrIpv6, prefixListId and referencedGroupId");
  }
  v1::IpPermission permission;
  permission.set_ip_protocol(wanted.ip_protocol());
  if (wanted.has_from_port()) permission.set_from_port(wanted.from_port());
  if (wanted.has_to_port()) permission.set_to_port(wanted.to_port());
  if (wanted.has_cidr_ipv4()) {
    permission.add_ip_ranges()->set_cidr_ip(wanted.cidr_ipv4());
    permission.mutable_ip_ranges(0)->set_description(wanted.description());
  } else if (wanted.has_cidr_ipv6()) {
    permission.add_ipv6_ranges()->set_cidr_ipv6(wanted.cidr_ipv6());
    permission.mutable_ipv6_ranges(0)->set_description(wanted.description());
  } else if (wanted.has_prefix_list_id()) {
    permission.add_prefix_list_ids()->set_prefix_list_id(wanted.prefix_list_id());
    permission.mutable_prefix_list_ids(0)->set_description(wanted.description());
  } else {
    permission.add_user_id_group_pairs()->set_group_id(wanted.referenced_group_id());
    permission.mutable_user_id_group_pairs(0)->set_description(wanted.description());
  }
  return permission;
}

absl::StatusOr<v1::ModifySecurityGroupRulesResponse> ModifySecurityGroupRules(
    const v1::ModifySecurityGroupRulesRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  ASSIGN_OR_RETURN(const SecurityGroupId group, SecurityGroupId::Parse(request.group_id()));
  std::vector<SecurityGroupRule> rules;
  for (const v1::SecurityGroupRuleUpdate& update : request.security_group_rules()) {
    Permissions permissions;
    ASSIGN_OR_RETURN(*permissions.Add(), PermissionOf(update.security_group_rule()));
    // Its direction is that of the rule it replaces.
    ASSIGN_OR_RETURN(auto parsed,
                     ParsePermissions(permissions, /*egress=*/false, settings.account_id, GroupByName(groups)));
    ASSIGN_OR_RETURN(parsed.front().id, SecurityGroupRuleId::Parse(update.security_group_rule_id()));
    rules.push_back(std::move(parsed.front()));
  }
  RETURN_IF_ERROR(groups.ModifyRules(group, std::move(rules)));
  v1::ModifySecurityGroupRulesResponse response;
  response.set_return_(true);
  return response;
}

template <typename Response, typename Request>
absl::StatusOr<Response> UpdateDescriptions(const Request& request, bool egress, network::SecurityGroupService& groups,
                                            const Settings& settings) {
  ASSIGN_OR_RETURN(const SecurityGroupId group, Target(request, groups));
  if (request.ip_permissions().empty() == request.security_group_rule_descriptions().empty()) {
    return ec2::Error(request.ip_permissions().empty() ? ec2::KnownCode("MissingParameter")
                                                       : ec2::KnownCode("InvalidParameterCombination"),
                      "The request must contain one of the parameters ipPermissions and securityGroupRuleDescription");
  }
  if (!request.ip_permissions().empty()) {
    ASSIGN_OR_RETURN(auto rules,
                     ParsePermissions(request.ip_permissions(), egress, settings.account_id, GroupByName(groups)));
    RETURN_IF_ERROR(groups.UpdateDescriptions(group, std::move(rules)));
  } else {
    std::vector<std::pair<SecurityGroupRuleId, std::string>> descriptions;
    for (const v1::SecurityGroupRuleDescription& one : request.security_group_rule_descriptions()) {
      ASSIGN_OR_RETURN(SecurityGroupRuleId id, SecurityGroupRuleId::Parse(one.security_group_rule_id()));
      descriptions.emplace_back(std::move(id), one.description());
    }
    RETURN_IF_ERROR(groups.UpdateDescriptionsById(group, egress, descriptions));
  }
  Response response;
  response.set_return_(true);
  return response;
}

absl::StatusOr<v1::UpdateSecurityGroupRuleDescriptionsIngressResponse> UpdateSecurityGroupRuleDescriptionsIngress(
    const v1::UpdateSecurityGroupRuleDescriptionsIngressRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  return UpdateDescriptions<v1::UpdateSecurityGroupRuleDescriptionsIngressResponse>(request, /*egress=*/false, groups,
                                                                                    settings);
}

absl::StatusOr<v1::UpdateSecurityGroupRuleDescriptionsEgressResponse> UpdateSecurityGroupRuleDescriptionsEgress(
    const v1::UpdateSecurityGroupRuleDescriptionsEgressRequest& request, network::SecurityGroupService& groups,
    const Settings& settings) {
  return UpdateDescriptions<v1::UpdateSecurityGroupRuleDescriptionsEgressResponse>(request, /*egress=*/true, groups,
                                                                                   settings);
}

}  // namespace

void AddSecurityGroupRuleActions(gateway::Actions& actions, network::SecurityGroupService& groups,
                                 const Settings& settings) {
  actions.Add(DescribeSecurityGroupRules, groups, settings);
  actions.Add(ModifySecurityGroupRules, groups, settings);
  actions.Add(UpdateSecurityGroupRuleDescriptionsIngress, groups, settings).CompletedBy(WithGroupId(groups));
  actions.Add(UpdateSecurityGroupRuleDescriptionsEgress, groups, settings).CompletedBy(WithGroupId(groups));
}

}  // namespace brume::ec2
