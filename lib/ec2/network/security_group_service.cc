#include "lib/ec2/network/security_group_service.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/quota_weights.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/security_group_rules.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/network/tables/vpc_endpoint_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/ids.h"
#include "lib/resource/tags.h"

namespace brume::network {
namespace {

// EC2's quota of a region.
constexpr int64_t kMaxGroups = 2500;

absl::Status CheckText(absl::string_view parameter, absl::string_view text) {
  if (text.empty()) {
    return ec2::Error(ec2::kMissingParameter, parameter);
  }
  if (!IsAllowedText(text)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Value (", absl::CHexEscape(text.substr(0, 64)), ") for parameter ", parameter,
                                   " is invalid: up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"));
  }
  return absl::OkStatus();
}

absl::Status CheckName(absl::string_view name) {
  RETURN_IF_ERROR(CheckText("GroupName", name));
  if (KindOfId(absl::AsciiStrToLower(name)) == &SecurityGroupId::kKind) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", name,
                                                            ") for parameter GroupName is invalid: a name cannot "
                                                            "begin with sg-, as group ids do"));
  }
  if (absl::EqualsIgnoreCase(name, "default")) {
    return ec2::Error("InvalidParameterValue", "Cannot use reserved security group name: default");
  }
  return absl::OkStatus();
}

absl::Status AddRules(store::Connection& connection, const SecurityGroup& group,
                      const std::vector<SecurityGroupRule>& rules) {
  SecurityGroupTable groups(connection);
  ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> present, groups.ListRules(group.id));
  for (const SecurityGroupRule& rule : rules) {
    RETURN_IF_ERROR(CheckReference(connection, group, rule));
    if (Holds(present, rule)) {
      return RuleDuplicate(rule);
    }
    RETURN_IF_ERROR(groups.InsertRule(rule));
    present.push_back(rule);
  }
  Weights weights(connection);
  return CheckRuleQuota(group.id, present, weights);
}

absl::Status CheckPrefixList(store::Connection& connection, const SecurityGroupRule& rule) {
  return rule.prefix_list.empty() ? absl::OkStatus() : GetPrefixList(connection, rule.prefix_list).status();
}

// Why no rule matches.
absl::Status Unmatched(store::Connection& connection, const SecurityGroupId& group, const SecurityGroupRule& rule) {
  RETURN_IF_ERROR(CheckPrefixList(connection, rule));
  return RuleNotFound(group, rule);
}

absl::Status CheckDeletable(store::Connection& connection, const SecurityGroup& group) {
  SecurityGroupTable groups(connection);
  if (group.name == "default") {
    return ec2::Error(ec2::kGroupIsDefault, group.id.text(), group.name);
  }
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, NetworkTable(connection).ListInterfaces(group.vpc_id));
  for (const NetworkInterface& eni : interfaces) {
    if (std::find(eni.groups.begin(), eni.groups.end(), group.id) != eni.groups.end()) {
      return ec2::ErrorAnd(absl::StrCat("(the network interface '", eni.id.text(), "' has the group)"),
                           ec2::kHasDependent, group.id.text());
    }
  }
  // One without a subnet has no interface.
  ASSIGN_OR_RETURN(const std::optional<VpcEndpointId> endpoint, VpcEndpointTable(connection).FindByGroup(group.id));
  if (endpoint.has_value()) {
    return ec2::ErrorAnd(absl::StrCat("(the VPC endpoint '", endpoint->text(), "' has the group)"), ec2::kHasDependent,
                         group.id.text());
  }
  ASSIGN_OR_RETURN(std::vector<SecurityGroup> others, groups.List(group.vpc_id));
  for (const SecurityGroup& other : others) {
    if (other.id == group.id) continue;
    ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules, groups.ListRules(other.id));
    for (const SecurityGroupRule& rule : rules) {
      if (rule.referenced_group == group.id) {
        return ec2::ErrorAnd(absl::StrCat("(a rule of the security group '", other.id.text(), "' names it)"),
                             ec2::kHasDependent, group.id.text());
      }
    }
  }
  return absl::OkStatus();
}

absl::Status FindReferenced(store::Connection& connection, std::vector<SecurityGroupView>& views) {
  std::set<SecurityGroupId> named;
  for (const SecurityGroupView& view : views) {
    for (const SecurityGroupRule& rule : view.rules) {
      if (!rule.referenced_group.empty()) named.insert(rule.referenced_group);
    }
  }
  ASSIGN_OR_RETURN(ReferencedGroups groups, ReferencedGroups::Read(connection, named));
  for (SecurityGroupView& view : views) {
    for (const SecurityGroupRule& rule : view.rules) {
      const SecurityGroupId& id = rule.referenced_group;
      if (id.empty() || view.referenced.contains(id)) continue;
      ASSIGN_OR_RETURN(view.referenced[id], groups.Of(id, view.group.vpc_id));
    }
  }
  return absl::OkStatus();
}

absl::Status FindReferenced(store::Connection& connection, std::vector<SecurityGroupRuleView>& views) {
  std::set<SecurityGroupId> named, owners;
  for (const SecurityGroupRuleView& view : views) {
    if (view.rule.referenced_group.empty()) continue;
    named.insert(view.rule.referenced_group);
    owners.insert(view.rule.group_id);
  }
  if (named.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<SecurityGroup> rows,
                   SecurityGroupTable(connection).GetMany(std::vector(owners.begin(), owners.end())));
  std::map<SecurityGroupId, VpcId> vpcs;
  for (const SecurityGroup& row : rows) vpcs[row.id] = row.vpc_id;
  ASSIGN_OR_RETURN(ReferencedGroups groups, ReferencedGroups::Read(connection, named));
  for (SecurityGroupRuleView& view : views) {
    if (view.rule.referenced_group.empty()) continue;
    ASSIGN_OR_RETURN(view.referenced, groups.Of(view.rule.referenced_group, vpcs[view.rule.group_id]));
  }
  return absl::OkStatus();
}

// Those of all groups.
absl::StatusOr<std::vector<SecurityGroupRule>> RulesOfAll(SecurityGroupTable& table) {
  ASSIGN_OR_RETURN(const std::vector<SecurityGroup> groups, table.List(std::nullopt));
  std::vector<SecurityGroupRule> all;
  for (const SecurityGroup& group : groups) {
    ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules, table.ListRules(group.id));
    std::move(rules.begin(), rules.end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<VpcId> DefaultVpcId(NetworkTable& networks) {
  ASSIGN_OR_RETURN(std::optional<Vpc> vpc, networks.DefaultVpc());
  if (!vpc.has_value()) {
    return ec2::Error("VPCIdNotSpecified", "There is no default VPC: the request must contain the parameter VpcId");
  }
  return vpc->id;
}

}  // namespace

SecurityGroupService::SecurityGroupService(store::Database& database, Random& random,
                                           std::function<void(const VpcId&, const SecurityGroupId&)> wake)
    : database_(database), random_(random), wake_(std::move(wake)) {}

absl::StatusOr<SecurityGroupView> SecurityGroupService::Create(absl::string_view name, absl::string_view description,
                                                               const std::optional<VpcId>& vpc, const TagMap& tags) {
  // EC2 keeps it without spaces at its end.
  name = name.substr(0, name.find_last_not_of(' ') + 1);
  RETURN_IF_ERROR(CheckName(name));
  RETURN_IF_ERROR(CheckText("GroupDescription", description));
  RETURN_IF_ERROR(CheckTags(tags));

  SecurityGroupView view;
  view.group.id = SecurityGroupId::New(random_);
  view.group.name = std::string(name);
  view.group.description = std::string(description);
  view.tags = tags;
  SecurityGroupRule& to_everywhere = view.rules.emplace_back();
  to_everywhere.id = SecurityGroupRuleId::New(random_);
  to_everywhere.group_id = view.group.id;
  to_everywhere.egress = true;
  to_everywhere.cidr = Cidr{};

  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    NetworkTable networks(connection);
    SecurityGroupTable groups(connection);
    if (vpc.has_value()) {
      RETURN_IF_ERROR(networks.GetVpc(*vpc).status());
      view.group.vpc_id = *vpc;
    } else {
      ASSIGN_OR_RETURN(view.group.vpc_id, DefaultVpcId(networks));
    }
    ASSIGN_OR_RETURN(const bool taken, groups.NameIsTaken(view.group.vpc_id, view.group.name));
    if (taken) {
      return ec2::Error(
          "InvalidGroup.Duplicate",
          absl::StrCat("The security group '", name, "' already exists for VPC '", view.group.vpc_id.text(), "'"));
    }
    ASSIGN_OR_RETURN(const int64_t present, groups.Count());
    if (present >= kMaxGroups) return QuotaReached("SecurityGroupLimitExceeded", "security groups", kMaxGroups);
    RETURN_IF_ERROR(groups.Insert(view.group));
    view.rules.resize(1);
    RETURN_IF_ERROR(groups.InsertRule(view.rules.front()));
    ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> ipv6, networks.ListIpv6Cidrs(view.group.vpc_id));
    if (!ipv6.empty()) {
      view.rules.push_back(EverywhereByIpv6(view.group.id, random_));
      RETURN_IF_ERROR(groups.InsertRule(view.rules.back()));
    }
    return tagging::SetTags(connection, view.group.id.text(), tags);
  }));
  wake_(view.group.vpc_id, view.group.id);
  return view;
}

absl::Status SecurityGroupService::Delete(const SecurityGroupId& id) {
  SecurityGroup group;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    ASSIGN_OR_RETURN(group, groups.Get(id));
    RETURN_IF_ERROR(CheckDeletable(connection, group));
    return groups.Delete(id);
  }));
  wake_(group.vpc_id, id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SecurityGroupView>> SecurityGroupService::List(
    absl::Span<const SecurityGroupId> ids, const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<SecurityGroupView>> {
    SecurityGroupTable repository(connection);
    ASSIGN_OR_RETURN(std::vector<SecurityGroup> groups,
                     tagging::ChooseRows<SecurityGroupId>(
                         connection, ids, tags, [&](const SecurityGroupId& id) { return repository.Get(id); },
                         [&] { return repository.List(std::nullopt); }));
    ASSIGN_OR_RETURN(std::vector<SecurityGroupView> views,
                     tagging::WithTags(connection, std::move(groups), &SecurityGroupView::group));
    for (SecurityGroupView& view : views) {
      ASSIGN_OR_RETURN(view.rules, repository.ListRules(view.group.id));
    }
    RETURN_IF_ERROR(FindReferenced(connection, views));
    return views;
  });
}

absl::StatusOr<VpcId> SecurityGroupService::DefaultVpc() {
  return database_.ReadFor([](store::Connection& c) -> absl::StatusOr<VpcId> {
    NetworkTable networks(c);
    return DefaultVpcId(networks);
  });
}

absl::StatusOr<SecurityGroup> SecurityGroupService::Resolve(const std::optional<SecurityGroupId>& id,
                                                            absl::string_view name) {
  if (!id.has_value() && name.empty()) {
    return ec2::Error(ec2::kMissingParameter, "groupName or groupId");
  }
  if (id.has_value() && !name.empty()) {
    return ec2::Error("InvalidParameterCombination", "The parameters groupName and groupId cannot be used together");
  }
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<SecurityGroup> {
    SecurityGroupTable groups(connection);
    if (id.has_value()) return groups.Get(*id);
    NetworkTable networks(connection);
    ASSIGN_OR_RETURN(const VpcId vpc, DefaultVpcId(networks));
    ASSIGN_OR_RETURN(std::optional<SecurityGroup> group, groups.FindByName(vpc, std::string(name)));
    if (!group.has_value()) {
      return ec2::Error(ec2::kGroupNotInDefaultVpc, absl::CHexEscape(name), vpc.text());
    }
    return *std::move(group);
  });
}

absl::StatusOr<std::vector<SecurityGroupRule>> SecurityGroupService::Authorize(const SecurityGroupId& group,
                                                                               std::vector<SecurityGroupRule> rules,
                                                                               const TagMap& tags) {
  RETURN_IF_ERROR(CheckTags(tags));
  RETURN_IF_ERROR(Prepare(group, rules));
  for (SecurityGroupRule& rule : rules) rule.id = SecurityGroupRuleId::New(random_);
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    ASSIGN_OR_RETURN(const SecurityGroup row, groups.Get(group));
    vpc = row.vpc_id;
    RETURN_IF_ERROR(AddRules(connection, row, rules));
    for (const SecurityGroupRule& rule : rules) {
      RETURN_IF_ERROR(tagging::SetTags(connection, rule.id.text(), tags));
    }
    return absl::OkStatus();
  }));
  wake_(vpc, group);
  return rules;
}

absl::StatusOr<std::vector<SecurityGroupRule>> SecurityGroupService::Revoke(const SecurityGroupId& group,
                                                                            std::vector<SecurityGroupRule> rules) {
  RETURN_IF_ERROR(Prepare(group, rules));
  VpcId vpc;
  std::vector<SecurityGroupRule> revoked;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    ASSIGN_OR_RETURN(const SecurityGroup row, groups.Get(group));
    vpc = row.vpc_id;
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> present, groups.ListRules(group));
    for (const SecurityGroupRule& rule : rules) {
      const auto it = std::find_if(present.begin(), present.end(),
                                   [&](const SecurityGroupRule& other) { return other.SamePermission(rule); });
      if (it == present.end()) {
        return Unmatched(connection, group, rule);
      }
      RETURN_IF_ERROR(groups.DeleteRule(it->id));
      revoked.push_back(*it);
    }
    return absl::OkStatus();
  }));
  wake_(vpc, group);
  return revoked;
}

absl::StatusOr<std::vector<SecurityGroupRule>> SecurityGroupService::RevokeById(
    const SecurityGroupId& group, bool egress, const std::vector<SecurityGroupRuleId>& ids) {
  if (ids.empty()) {
    return ec2::Error(ec2::kMissingParameter, "securityGroupRuleIds");
  }
  VpcId vpc;
  std::vector<SecurityGroupRule> revoked;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    ASSIGN_OR_RETURN(const SecurityGroup row, groups.Get(group));
    vpc = row.vpc_id;
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> present, groups.ListRules(group));
    for (const SecurityGroupRuleId& id : ids) {
      const auto it = std::find_if(present.begin(), present.end(), [&](const SecurityGroupRule& rule) {
        return rule.id == id && rule.egress == egress;
      });
      // One that is given twice is there the first time only, and is revoked once.
      const bool repeated =
          std::any_of(revoked.begin(), revoked.end(), [&](const SecurityGroupRule& rule) { return rule.id == id; });
      if (repeated) continue;
      if (it == present.end()) {
        return ec2::Error("InvalidSecurityGroupRuleId.NotFound",
                          absl::StrCat("The security group '", group.text(), "' has no ", egress ? "egress" : "ingress",
                                       " rule '", id.text(), "'"));
      }
      RETURN_IF_ERROR(groups.DeleteRule(id));
      revoked.push_back(*it);
    }
    return absl::OkStatus();
  }));
  wake_(vpc, group);
  return revoked;
}

absl::StatusOr<std::vector<SecurityGroupRuleView>> SecurityGroupService::ListRules(
    absl::Span<const SecurityGroupRuleId> ids, const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<SecurityGroupRuleView>> {
    SecurityGroupTable repository(connection);
    ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules,
                     tagging::ChooseRows<SecurityGroupRuleId>(
                         connection, ids, tags, [&](const SecurityGroupRuleId& id) { return repository.GetRule(id); },
                         [&] { return RulesOfAll(repository); }));
    ASSIGN_OR_RETURN(std::vector<SecurityGroupRuleView> views,
                     tagging::WithTags(connection, std::move(rules), &SecurityGroupRuleView::rule));
    RETURN_IF_ERROR(FindReferenced(connection, views));
    return views;
  });
}

absl::Status SecurityGroupService::ModifyRules(const SecurityGroupId& group, std::vector<SecurityGroupRule> rules) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    ASSIGN_OR_RETURN(const SecurityGroup row, groups.Get(group));
    vpc = row.vpc_id;
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> present, groups.ListRules(group));
    for (const SecurityGroupRule& rule : rules) RETURN_IF_ERROR(CheckPrefixList(connection, rule));
    RETURN_IF_ERROR(MatchPresent(group, present, rules));
    RETURN_IF_ERROR(Prepare(group, rules));
    for (const SecurityGroupRule& rule : rules) RETURN_IF_ERROR(CheckReference(connection, row, rule));
    RETURN_IF_ERROR(CheckDuplicates(present, rules));
    RETURN_IF_ERROR(groups.UpdateRules(rules));
    // One about a prefix list may have taken a larger one.
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> changed, groups.ListRules(group));
    Weights weights(connection);
    return CheckRuleQuota(group, changed, weights);
  }));
  wake_(vpc, group);
  return absl::OkStatus();
}

absl::Status SecurityGroupService::UpdateDescriptions(const SecurityGroupId& group,
                                                      std::vector<SecurityGroupRule> rules) {
  RETURN_IF_ERROR(Prepare(group, rules));
  return database_.Write([&](store::Connection& connection) -> absl::Status {
    SecurityGroupTable groups(connection);
    RETURN_IF_ERROR(groups.Get(group).status());
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> present, groups.ListRules(group));
    for (const SecurityGroupRule& rule : rules) {
      const auto old =
          std::find_if(present.begin(), present.end(), [&](const auto& other) { return other.SamePermission(rule); });
      if (old == present.end()) {
        return Unmatched(connection, group, rule);
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
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> present, groups.ListRules(group));
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

absl::StatusOr<SecurityGroup> GetSecurityGroup(store::Connection& connection, const SecurityGroupId& id) {
  return SecurityGroupTable(connection).Get(id);
}

absl::StatusOr<std::optional<SecurityGroup>> FindSecurityGroup(store::Connection& connection, const VpcId& vpc,
                                                               const std::string& name) {
  return SecurityGroupTable(connection).FindByName(vpc, name);
}

absl::StatusOr<std::vector<SecurityGroup>> GetSecurityGroups(store::Connection& connection,
                                                             absl::Span<const SecurityGroupId> ids) {
  return SecurityGroupTable(connection).GetMany(ids);
}

}  // namespace brume::network
