// Changes of rules that stay: ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptionsIngress and -Egress.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/security_group_rules.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/network/security_group_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

using Rules = std::vector<SecurityGroupRule>;

absl::Status NoSuchRule(const SecurityGroupId& group, const SecurityGroupRuleId& id) {
  return ec2::Error("InvalidSecurityGroupRuleId.NotFound",
                    absl::StrCat("The security group '", group.text(), "' has no such rule '", id.text(), "'"));
}

// Gives each rule that is to be the direction of the one it replaces, which is to have a peer of the same kind.
absl::Status MatchPresent(const SecurityGroupId& group, const Rules& present, Rules& rules) {
  for (SecurityGroupRule& rule : rules) {
    const auto old =
        std::find_if(present.begin(), present.end(), [&](const auto& other) { return other.id == rule.id; });
    if (old == present.end()) return NoSuchRule(group, rule.id);
    if (std::count_if(rules.begin(), rules.end(), [&](const auto& other) { return other.id == rule.id; }) > 1) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The rule '", rule.id.text(), "' is given more than once"));
    }
    if (old->cidr.has_value() != rule.cidr.has_value()) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The rule '", rule.id.text(), "' is about ",
                                                              old->cidr ? "an IPv4 range" : "a security group",
                                                              "; what a rule is about cannot change its kind"));
    }
    rule.egress = old->egress;
  }
  return absl::OkStatus();
}

// Error: InvalidPermission.Duplicate for what a rule that stays as it is has already.
absl::Status CheckDuplicates(const SecurityGroupId& group, Rules present, const Rules& rules) {
  std::erase_if(present, [&](const SecurityGroupRule& old) {
    return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.id == old.id; });
  });
  for (const SecurityGroupRule& rule : rules) {
    if (!Holds(present, rule)) continue;
    return ec2::Error("InvalidPermission.Duplicate",
                      absl::StrCat("The security group '", group.text(), "' already has the rule: ", Describe(rule)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SecurityGroupService::ModifyRules(const SecurityGroupId& group, Rules rules) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    ASSIGN_OR_RETURN(const SecurityGroup row, groups.Get(group));
    vpc = row.vpc_id;
    ASSIGN_OR_RETURN(const Rules present, groups.ListRules(group));
    RETURN_IF_ERROR(MatchPresent(group, present, rules));
    RETURN_IF_ERROR(Prepare(group, rules));
    for (const SecurityGroupRule& rule : rules) RETURN_IF_ERROR(CheckReference(groups, row, rule));
    RETURN_IF_ERROR(CheckDuplicates(group, present, rules));
    return groups.UpdateRules(rules);
  }));
  wake_(vpc, group);
  return absl::OkStatus();
}

absl::Status SecurityGroupService::UpdateDescriptions(const SecurityGroupId& group, Rules rules) {
  RETURN_IF_ERROR(Prepare(group, rules));
  return database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    RETURN_IF_ERROR(groups.Get(group).status());
    ASSIGN_OR_RETURN(const Rules present, groups.ListRules(group));
    for (const SecurityGroupRule& rule : rules) {
      const auto old =
          std::find_if(present.begin(), present.end(), [&](const auto& other) { return other.SamePermission(rule); });
      if (old == present.end()) {
        return ec2::Error("InvalidPermission.NotFound",
                          absl::StrCat("The security group '", group.text(), "' has no such rule: ", Describe(rule)));
      }
      RETURN_IF_ERROR(groups.SetRuleDescription(old->id, rule.description));
    }
    return absl::OkStatus();
  });
}

absl::Status SecurityGroupService::UpdateDescriptionsById(
    const SecurityGroupId& group, bool egress,
    const std::vector<std::pair<SecurityGroupRuleId, std::string>>& descriptions) {
  return database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    RETURN_IF_ERROR(groups.Get(group).status());
    ASSIGN_OR_RETURN(const Rules present, groups.ListRules(group));
    for (const auto& [id, description] : descriptions) {
      const bool there = std::any_of(present.begin(), present.end(), [&id = id, egress](const SecurityGroupRule& rule) {
        return rule.id == id && rule.egress == egress;
      });
      if (!there) return NoSuchRule(group, id);
      if (!IsAllowedText(description)) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("The description of the rule '", id.text(),
                                       "' is invalid: up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"));
      }
      RETURN_IF_ERROR(groups.SetRuleDescription(id, description));
    }
    return absl::OkStatus();
  });
}

}  // namespace brume::network
