#include "lib/ec2/network/linux/routing_rules.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
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
constexpr uint32_t kLocalPriority = 900, kSenderPriority = 950, kPriority = 1000;

using Sender = decltype(RoutingRuleSet::senders)::key_type;

std::string TextOf(const Sender& sender) {
  return std::visit([](const auto& address) { return address.text(); }, sender);
}

std::string OctetsOf(const Sender& sender) {
  if (const Ipv6* const ipv6 = std::get_if<Ipv6>(&sender)) return {ipv6->bytes.begin(), ipv6->bytes.end()};
  const uint32_t value = htonl(std::get<Ipv4>(sender).value);
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// Unset for an attribute of another length.
std::optional<Sender> SenderIn(const nlattr* attribute) {
  const char* const octets = static_cast<const char*>(nla_data(attribute));
  if (nla_len(attribute) == sizeof(uint32_t)) return Ipv4{ntohl(nla_get_u32(attribute))};
  Ipv6 address;
  if (static_cast<size_t>(nla_len(attribute)) != address.bytes.size()) return std::nullopt;
  std::copy(octets, octets + address.bytes.size(), address.bytes.begin());
  return address;
}

// One of ours: about `range`, about `sender`, or else about the mark that is the table's number.
struct RoutingRule {
  int table = RT_TABLE_MAIN;
  std::optional<Cidr> range = {};
  std::optional<Sender> sender = {};

  uint32_t priority() const {
    if (range.has_value()) return kLocalPriority;
    return sender.has_value() ? kSenderPriority : kPriority;
  }
  std::string text() const {
    if (range.has_value()) return absl::StrCat("rule of ", range->text());
    if (sender.has_value()) return absl::StrCat("rule of ", TextOf(*sender));
    return absl::StrCat("rule of route table ", table);
  }
};

// Those of `some` that are not among `others`.
std::vector<RoutingRule> Difference(const RoutingRuleSet& some, const RoutingRuleSet& others) {
  std::vector<RoutingRule> rules;
  for (const Cidr& range : some.local) {
    if (!others.local.contains(range)) rules.push_back({.range = range});
  }
  for (const auto& [sender, table] : some.senders) {
    const auto other = others.senders.find(sender);
    const bool same = other != others.senders.end() && other->second == table;
    if (!same) rules.push_back({.table = table, .sender = sender});
  }
  for (const int table : some.tables) {
    if (!others.tables.contains(table)) rules.push_back({.table = table});
  }
  return rules;
}

NlMessage RuleRequest(int family, int type, int flags, const RoutingRule& rule) {
  NlMessage message = NewRequest(type, flags);
  const std::string sender = rule.sender.has_value() ? OctetsOf(*rule.sender) : "";
  fib_rule_hdr header = {};
  header.family = static_cast<unsigned char>(family);
  header.table = static_cast<unsigned char>(rule.table);
  header.action = FR_ACT_TO_TBL;
  if (rule.range.has_value()) header.dst_len = static_cast<unsigned char>(rule.range->prefix_length);
  header.src_len = static_cast<unsigned char>(sender.size() * 8);
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  nla_put_u32(message.get(), FRA_PRIORITY, rule.priority());
  if (rule.range.has_value()) {
    nla_put_u32(message.get(), FRA_DST, htonl(rule.range->base.value));
  } else if (rule.sender.has_value()) {
    nla_put(message.get(), FRA_SRC, static_cast<int>(sender.size()), sender.data());
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
  const nlattr* source = attributes[FRA_SRC];
  if (mark != nullptr && nla_get_u32(mark) == rule->table) {
    rules.tables.insert(rule->table);
  } else if (destination != nullptr && family == AF_INET && rule->table == RT_TABLE_MAIN) {
    rules.local.insert(Cidr{Ipv4{ntohl(nla_get_u32(destination))}, rule->dst_len});
  } else if (source != nullptr && rule->src_len == nla_len(source) * 8) {
    if (const std::optional<Sender> sender = SenderIn(source)) rules.senders[*sender] = rule->table;
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
  for (const RoutingRule& rule : Difference(wanted, present)) {
    RETURN_IF_ERROR(socket_.Execute(RuleRequest(family_, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule),
                                    absl::StrCat("cannot add the ", rule.text())));
  }
  for (const RoutingRule& rule : Difference(present, wanted)) {
    const absl::Status removed =
        socket_.Execute(RuleRequest(family_, RTM_DELRULE, 0, rule), absl::StrCat("cannot delete the ", rule.text()));
    if (!absl::IsNotFound(removed)) RETURN_IF_ERROR(removed);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> RoutingRules::Missing(const RoutingRuleSet& wanted) {
  ASSIGN_OR_RETURN(const RoutingRuleSet present, Present());
  std::vector<std::string> texts;
  for (const RoutingRule& rule : Difference(wanted, present)) texts.push_back(rule.text());
  return texts;
}

}  // namespace brume::network
