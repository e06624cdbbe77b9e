#include "lib/ec2/network/model/rule_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

std::string PeerText(const SecurityGroupRule& rule) {
  if (rule.cidr.has_value()) return rule.cidr->text();
  if (rule.cidr_ipv6.has_value()) return rule.cidr_ipv6->text();
  return rule.prefix_list.empty() ? rule.referenced_group.text() : rule.prefix_list.text();
}

}  // namespace

std::string Describe(const SecurityGroupRule& rule) {
  constexpr int kIcmp = 1, kIcmpv6 = 58;
  const auto number = [](int value) { return value < 0 ? std::string("ALL") : absl::StrCat(value); };
  std::string text = absl::StrCat("peer: ", PeerText(rule), ", ");
  if (rule.protocol == -1) {
    absl::StrAppend(&text, "ALL");
  } else if (rule.protocol == kIcmp || rule.protocol == kIcmpv6) {
    absl::StrAppend(&text, rule.protocol == kIcmp ? "ICMP" : "ICMPv6", ", type: ", number(rule.from_port),
                    ", code: ", number(rule.to_port));
  } else {
    absl::StrAppend(&text, absl::AsciiStrToUpper(IpProtocolName(rule.protocol)));
    if (rule.from_port != -1) absl::StrAppend(&text, ", from port: ", rule.from_port, ", to port: ", rule.to_port);
  }
  return absl::StrCat(text, ", ALLOW");
}

absl::Status RuleDuplicate(const SecurityGroupRule& rule) { return ec2::Error(ec2::kRuleDuplicate, Describe(rule)); }

absl::Status RuleNotFound(const SecurityGroupId& group, const SecurityGroupRule& rule) {
  return ec2::ErrorAnd(absl::StrCat("The security group '", group.text(), "' has no ",
                                    rule.egress ? "egress" : "ingress", " rule \"", Describe(rule), "\"."),
                       ec2::kRuleNotFound);
}

absl::Status NoSuchRule(const SecurityGroupId& group, const SecurityGroupRuleId& id) {
  return ec2::Error("InvalidSecurityGroupRuleId.NotFound",
                    absl::StrCat("The security group '", group.text(), "' has no such rule '", id.text(), "'"));
}

}  // namespace brume::network
