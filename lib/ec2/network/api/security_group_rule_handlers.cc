#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/api/permissions.h"
#include "lib/ec2/network/api/security_group_target.h"
#include "lib/ec2/tagging/api/tag_messages.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/listing.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.SecurityGroups";

using Rule = v1::SecurityGroupRule;

absl::StatusOr<v1::DescribeSecurityGroupRulesResponse> Describe(const api::Services& services,
                                                                const v1::DescribeSecurityGroupRulesRequest& request) {
  static const gateway::FilterTable<Rule> filters(
      {
          {"group-id", gateway::One<Rule>([](const Rule& r) { return r.group_id(); })},
          {"security-group-rule-id", gateway::One<Rule>([](const Rule& r) { return r.security_group_rule_id(); })},
      },
      [](const Rule& r) { return TagsOf(r.tags()); });
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.security_group_rule_ids().empty(), "securityGroupRuleId"));
  ASSIGN_OR_RETURN(const auto views, services.security_groups.ListRules());
  std::vector<Rule> rules;
  rules.reserve(views.size());
  for (const network::SecurityGroupRuleView& view : views) {
    rules.push_back(RenderRule(view.rule, services.settings.account_id));
    *rules.back().mutable_tags() = RenderTags(view.tags);
  }
  const auto key = [](const Rule& rule) { return rule.security_group_rule_id(); };
  RETURN_IF_ERROR(gateway::Select<SecurityGroupRuleId>(request.security_group_rule_ids(), rules, key));
  v1::DescribeSecurityGroupRulesResponse response;
  ASSIGN_OR_RETURN(rules, gateway::FilteredPage("rules", std::move(rules), filters, request, response, key));
  for (Rule& rule : rules) *response.add_security_group_rules() = std::move(rule);
  return response;
}

// A rule in its form of one field each, as the permission it is.
absl::StatusOr<v1::IpPermission> PermissionOf(const v1::SecurityGroupRuleRequest& wanted) {
  const int peers =
      wanted.has_cidr_ipv4() + wanted.has_cidr_ipv6() + wanted.has_prefix_list_id() + wanted.has_referenced_group_id();
  if (peers != 1) {
    return ec2::Error(peers == 0 ? "MissingParameter" : "InvalidParameterCombination",
                      "A rule must contain one of the parameters cidrIpv4 and referencedGroupId");
  }
  v1::IpPermission permission;
  permission.set_ip_protocol(wanted.ip_protocol());
  if (wanted.has_from_port()) permission.set_from_port(wanted.from_port());
  if (wanted.has_to_port()) permission.set_to_port(wanted.to_port());
  if (wanted.has_cidr_ipv4()) {
    permission.add_ip_ranges()->set_cidr_ip(wanted.cidr_ipv4());
    permission.mutable_ip_ranges(0)->set_description(wanted.description());
  } else if (wanted.has_referenced_group_id()) {
    permission.add_user_id_group_pairs()->set_group_id(wanted.referenced_group_id());
    permission.mutable_user_id_group_pairs(0)->set_description(wanted.description());
  }
  if (wanted.has_cidr_ipv6()) permission.add_ipv6_ranges()->set_cidr_ipv6(wanted.cidr_ipv6());
  if (wanted.has_prefix_list_id()) permission.add_prefix_list_ids()->set_prefix_list_id(wanted.prefix_list_id());
  return permission;
}

absl::StatusOr<v1::ModifySecurityGroupRulesResponse> Modify(const api::Services& services,
                                                            const v1::ModifySecurityGroupRulesRequest& request) {
  ASSIGN_OR_RETURN(const SecurityGroupId group, SecurityGroupId::Parse(request.group_id()));
  std::vector<SecurityGroupRule> rules;
  for (const v1::SecurityGroupRuleUpdate& update : request.security_group_rules()) {
    Permissions permissions;
    ASSIGN_OR_RETURN(*permissions.Add(), PermissionOf(update.security_group_rule()));
    // Its direction is that of the rule it replaces.
    ASSIGN_OR_RETURN(auto parsed, ParsePermissions(permissions, /*egress=*/false, services.settings.account_id,
                                                   GroupByName(services)));
    ASSIGN_OR_RETURN(parsed.front().id, SecurityGroupRuleId::Parse(update.security_group_rule_id()));
    rules.push_back(std::move(parsed.front()));
  }
  RETURN_IF_ERROR(services.security_groups.ModifyRules(group, std::move(rules)));
  v1::ModifySecurityGroupRulesResponse response;
  response.set_return_(true);
  return response;
}

template <typename Response, typename Request>
absl::StatusOr<Response> UpdateDescriptions(const api::Services& services, const Request& request, bool egress) {
  ASSIGN_OR_RETURN(const SecurityGroupId group, Target(services, request));
  if (request.ip_permissions().empty() == request.security_group_rule_descriptions().empty()) {
    return ec2::Error(request.ip_permissions().empty() ? "MissingParameter" : "InvalidParameterCombination",
                      "The request must contain one of the parameters ipPermissions and securityGroupRuleDescription");
  }
  if (!request.ip_permissions().empty()) {
    ASSIGN_OR_RETURN(auto rules, ParsePermissions(request.ip_permissions(), egress, services.settings.account_id,
                                                  GroupByName(services)));
    RETURN_IF_ERROR(services.security_groups.UpdateDescriptions(group, std::move(rules)));
  } else {
    std::vector<std::pair<SecurityGroupRuleId, std::string>> descriptions;
    for (const v1::SecurityGroupRuleDescription& one : request.security_group_rule_descriptions()) {
      ASSIGN_OR_RETURN(SecurityGroupRuleId id, SecurityGroupRuleId::Parse(one.security_group_rule_id()));
      descriptions.emplace_back(std::move(id), one.description());
    }
    RETURN_IF_ERROR(services.security_groups.UpdateDescriptionsById(group, egress, descriptions));
  }
  Response response;
  response.set_return_(true);
  return response;
}

}  // namespace

void AddSecurityGroupRuleHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::DescribeSecurityGroupRulesRequest, v1::DescribeSecurityGroupRulesResponse>(
      kService, "DescribeSecurityGroupRules",
      [services](const v1::DescribeSecurityGroupRulesRequest& request, const Caller&) {
        return Describe(services, request);
      });
  dispatcher.Handle<v1::ModifySecurityGroupRulesRequest, v1::ModifySecurityGroupRulesResponse>(
      kService, "ModifySecurityGroupRules",
      [services](const v1::ModifySecurityGroupRulesRequest& request, const Caller&) {
        return Modify(services, request);
      });
  dispatcher.Handle<v1::UpdateSecurityGroupRuleDescriptionsIngressRequest,
                    v1::UpdateSecurityGroupRuleDescriptionsIngressResponse>(
      kService, "UpdateSecurityGroupRuleDescriptionsIngress",
      [services](const v1::UpdateSecurityGroupRuleDescriptionsIngressRequest& request, const Caller&) {
        return UpdateDescriptions<v1::UpdateSecurityGroupRuleDescriptionsIngressResponse>(services, request, false);
      });
  dispatcher.Handle<v1::UpdateSecurityGroupRuleDescriptionsEgressRequest,
                    v1::UpdateSecurityGroupRuleDescriptionsEgressResponse>(
      kService, "UpdateSecurityGroupRuleDescriptionsEgress",
      [services](const v1::UpdateSecurityGroupRuleDescriptionsEgressRequest& request, const Caller&) {
        return UpdateDescriptions<v1::UpdateSecurityGroupRuleDescriptionsEgressResponse>(services, request, true);
      });
}

}  // namespace brume::ec2
