#include "lib/ec2/network/security_group_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

constexpr size_t kMaxCharacters = 255;
constexpr char kAllowedPunctuation[] = " ._-:/()#,@[]+=&;{}!$*";

absl::string_view PeerKind(const SecurityGroupRule& rule) {
  if (rule.cidr.has_value()) return "an IPv4 range";
  return rule.cidr_ipv6.has_value() ? "an IPv6 range" : "a security group";
}

std::string PeerText(const SecurityGroupRule& rule) {
  if (rule.cidr.has_value()) return rule.cidr->text();
  return rule.cidr_ipv6.has_value() ? rule.cidr_ipv6->text() : rule.referenced_group.text();
}

}  // namespace

bool IsAllowedText(absl::string_view text) {
  return text.size() <= kMaxCharacters && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::StrContains(kAllowedPunctuation, absl::string_view(&c, 1));
         });
}

std::string Describe(const SecurityGroupRule& rule) {
  std::string text = rule.egress ? "egress, " : "ingress, ";
  constexpr int kIcmp = 1, kIcmpv6 = 58;
  if (rule.protocol == -1) {
    absl::StrAppend(&text, "all protocols");
  } else if (rule.protocol == kIcmp || rule.protocol == kIcmpv6) {
    absl::StrAppend(&text, rule.protocol == kIcmp ? "ICMP" : "ICMPv6", ", type ", rule.from_port, ", code ",
                    rule.to_port);
  } else {
    absl::StrAppend(&text, absl::AsciiStrToUpper(IpProtocolName(rule.protocol)));
    if (rule.from_port != -1) absl::StrAppend(&text, ", ports ", rule.from_port, " to ", rule.to_port);
  }
  absl::StrAppend(&text, rule.egress ? ", to " : ", from ", PeerText(rule));
  return text;
}

bool Holds(const std::vector<SecurityGroupRule>& rules, const SecurityGroupRule& wanted) {
  return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.SamePermission(wanted); });
}

absl::Status Prepare(const SecurityGroupId& group, std::vector<SecurityGroupRule>& rules) {
  if (rules.empty()) return ec2::Error("MissingParameter", "The request must contain the parameter ipPermissions");
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
                        absl::StrCat("The same permission is given more than once: ", Describe(rule)));
    }
    seen.push_back(rule);
  }
  return absl::OkStatus();
}

absl::Status CheckReference(SecurityGroupTable& groups, const SecurityGroup& group, const SecurityGroupRule& rule) {
  if (rule.referenced_group.empty() || rule.referenced_group == group.id) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SecurityGroup referenced, groups.Get(rule.referenced_group));
  if (referenced.vpc_id != group.vpc_id) {
    return ec2::Error("InvalidGroup.NotFound", absl::StrCat("The security groups '", group.id.text(), "' and '",
                                                            referenced.id.text(), "' belong to different VPCs"));
  }
  return absl::OkStatus();
}

absl::Status NoSuchRule(const SecurityGroupId& group, const SecurityGroupRuleId& id) {
  return ec2::Error("InvalidSecurityGroupRuleId.NotFound",
                    absl::StrCat("The security group '", group.text(), "' has no such rule '", id.text(), "'"));
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

absl::Status CheckDuplicates(const SecurityGroupId& group, std::vector<SecurityGroupRule> present,
                             const std::vector<SecurityGroupRule>& rules) {
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

}  // namespace brume::network
