#include "lib/ec2/network/security_group_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

constexpr size_t kMaxCharacters = 255;
constexpr char kAllowedPunctuation[] = " ._-:/()#,@[]+=&;{}!$*";

absl::string_view PeerKind(const SecurityGroupRule& rule) {
  if (rule.cidr.has_value()) return "an IPv4 range";
  if (rule.cidr_ipv6.has_value()) return "an IPv6 range";
  return rule.prefix_list.empty() ? "a security group" : "a prefix list";
}

}  // namespace

bool IsAllowedText(absl::string_view text) {
  return text.size() <= kMaxCharacters && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::StrContains(kAllowedPunctuation, absl::string_view(&c, 1));
         });
}

bool Holds(const std::vector<SecurityGroupRule>& rules, const SecurityGroupRule& wanted) {
  return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.SamePermission(wanted); });
}

absl::Status Prepare(const SecurityGroupId& group, std::vector<SecurityGroupRule>& rules) {
  if (rules.empty()) return ec2::Error(ec2::kMissingParameter, "ipPermissions");
  std::vector<SecurityGroupRule> seen;
  seen.reserve(rules.size());
  for (SecurityGroupRule& rule : rules) {
    rule.group_id = group;
    RETURN_IF_ERROR(NormaliseRule(rule));
    if (!IsAllowedText(rule.description)) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The description of the rule (", Describe(rule),
                                     ") is invalid: up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"));
    }
    if (Holds(seen, rule)) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The same permission must not appear multiple times: ", Describe(rule)));
    }
    seen.push_back(rule);
  }
  return absl::OkStatus();
}

absl::Status CheckReference(store::Connection& connection, const SecurityGroup& group, const SecurityGroupRule& rule) {
  if (!rule.prefix_list.empty()) return GetPrefixList(connection, rule.prefix_list).status();
  if (rule.referenced_group.empty() || rule.referenced_group == group.id) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SecurityGroup referenced, SecurityGroupTable(connection).Get(rule.referenced_group));
  if (referenced.vpc_id == group.vpc_id) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<VpcPeering> peerings, ActivePeerings(connection, group.vpc_id));
  const bool peers = std::any_of(peerings.begin(), peerings.end(),
                                 [&](const VpcPeering& each) { return each.has(referenced.vpc_id); });
  if (peers) return absl::OkStatus();
  return ec2::Error("InvalidGroup.NotFound",
                    absl::StrCat("The security groups '", group.id.text(), "' and '", referenced.id.text(),
                                 "' belong to different VPCs that are not peered"));
}

absl::Status MatchPresent(const SecurityGroupId& group, const std::vector<SecurityGroupRule>& present,
                          std::vector<SecurityGroupRule>& rules) {
  for (SecurityGroupRule& rule : rules) {
    const auto old =
        std::find_if(present.begin(), present.end(), [&](const auto& other) { return other.id == rule.id; });
    if (old == present.end()) return NoSuchRule(group, rule.id);
    if (std::count_if(rules.begin(), rules.end(), [&](const auto& other) { return other.id == rule.id; }) > 1) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The rule '", rule.id.text(), "' is given more than once"));
    }
    if (PeerKind(*old) != PeerKind(rule)) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The rule '", rule.id.text(), "' is about ", PeerKind(*old),
                                     "; what a rule is about cannot change its kind"));
    }
    rule.egress = old->egress;
  }
  return absl::OkStatus();
}

absl::Status CheckDuplicates(std::vector<SecurityGroupRule> present, const std::vector<SecurityGroupRule>& rules) {
  std::erase_if(present, [&](const SecurityGroupRule& old) {
    return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.id == old.id; });
  });
  for (const SecurityGroupRule& rule : rules) {
    if (!Holds(present, rule)) continue;
    return RuleDuplicate(rule);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
