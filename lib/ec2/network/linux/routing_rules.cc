#include "lib/ec2/network/linux/routing_rules.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

// Behind the kernel's own table of local addresses (0), before the main one (32766).
constexpr uint32_t kLocalPriority = 900, kPriority = 1000;

// One of ours: about `range`, or else about the mark that is the table's number.
struct RoutingRule {
  int table = RT_TABLE_MAIN;
  std::optional<Cidr> range = {};

  std::string text() const {
    return range.has_value() ? absl::StrCat("the rule of ", range->text())
                             : absl::StrCat("the rule of route table ", table);
  }
};

NlMessage RuleRequest(int family, int type, int flags, const RoutingRule& rule) {
  NlMessage message = NewRequest(type, flags);
  fib_rule_hdr header = {};
  header.family = static_cast<unsigned char>(family);
  header.table = static_cast<unsigned char>(rule.table);
  header.action = FR_ACT_TO_TBL;
  if (rule.range.has_value()) header.dst_len = static_cast<unsigned char>(rule.range->prefix_length);
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  nla_put_u32(message.get(), FRA_PRIORITY, rule.range.has_value() ? kLocalPriority : kPriority);
  if (rule.range.has_value()) {
    nla_put_u32(message.get(), FRA_DST, htonl(rule.range->base.value));
  } else {
    nla_put_u32(message.get(), FRA_FWMARK, static_cast<uint32_t>(rule.table));
  }
  nla_put_u8(message.get(), FRA_PROTOCOL, kRouteProtocol);
  return message;
}

// Nothing of a rule that is not ours, or not as we make it.
void CollectRule(int family, nlmsghdr* header, RoutingRuleSet& rules) {
  const auto* rule = static_cast<const fib_rule_hdr*>(nlmsg_data(header));
  nlattr* attributes[FRA_MAX + 1];
  if (rule->family != family || nlmsg_parse(header, sizeof(*rule), attributes, FRA_MAX, nullptr) < 0) return;
  const nlattr* protocol = attributes[FRA_PROTOCOL];
  if (protocol == nullptr || nla_get_u8(protocol) != kRouteProtocol) return;
  const nlattr* mark = attributes[FRA_FWMARK];
  const nlattr* destination = attributes[FRA_DST];
  if (mark != nullptr && nla_get_u32(mark) == rule->table) rules.tables.insert(rule->table);
  if (mark == nullptr && destination != nullptr && family == AF_INET && rule->table == RT_TABLE_MAIN) {
    rules.local.insert(Cidr{Ipv4{ntohl(nla_get_u32(destination))}, rule->dst_len});
  }
}

}  // namespace

absl::StatusOr<RoutingRules> RoutingRules::Open(int family) {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_ROUTE));
  return RoutingRules(std::move(socket), family);
}

absl::StatusOr<RoutingRuleSet> RoutingRules::Present() {
  constexpr int kTries = 20;
  absl::Status status;
  RoutingRuleSet rules;
  for (int i = 0; i < kTries; ++i) {
    rules = {};
    NlMessage message = NewRequest(RTM_GETRULE);
    fib_rule_hdr header = {};
    header.family = static_cast<unsigned char>(family_);
    nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
    status = socket_.Dump(std::move(message), "cannot list routing rules",
                          [&](nlmsghdr* answer) { CollectRule(family_, answer, rules); });
    if (!absl::IsUnavailable(status)) break;
  }
  RETURN_IF_ERROR(status);
  return rules;
}

absl::Status RoutingRules::Set(const RoutingRuleSet& wanted) {
  ASSIGN_OR_RETURN(const RoutingRuleSet present, Present());
  RETURN_IF_ERROR(Change(RTM_NEWRULE, wanted, present));
  return Change(RTM_DELRULE, present, wanted);
}

absl::Status RoutingRules::Change(int type, const RoutingRuleSet& some, const RoutingRuleSet& others) {
  std::vector<RoutingRule> rules;
  for (const Cidr& range : some.local) {
    if (!others.local.contains(range)) rules.push_back({.range = range});
  }
  for (const int table : some.tables) {
    if (!others.tables.contains(table)) rules.push_back({.table = table});
  }
  for (const RoutingRule& rule : rules) {
    if (type == RTM_NEWRULE) {
      RETURN_IF_ERROR(socket_.Execute(RuleRequest(family_, type, NLM_F_CREATE | NLM_F_EXCL, rule),
                                      absl::StrCat("cannot add ", rule.text())));
      continue;
    }
    const absl::Status removed =
        socket_.Execute(RuleRequest(family_, type, 0, rule), absl::StrCat("cannot delete ", rule.text()));
    if (!absl::IsNotFound(removed)) RETURN_IF_ERROR(removed);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
