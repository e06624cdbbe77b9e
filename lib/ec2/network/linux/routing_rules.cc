#include "lib/ec2/network/linux/routing_rules.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

// Behind the kernel's own table of local addresses (0), before the main one (32766).
constexpr uint32_t kPriority = 1000;

NlMessage RuleRequest(int family, int type, int flags, int table) {
  NlMessage message = NewRequest(type, flags);
  fib_rule_hdr header = {};
  header.family = static_cast<unsigned char>(family);
  header.table = static_cast<unsigned char>(table);
  header.action = FR_ACT_TO_TBL;
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  nla_put_u32(message.get(), FRA_PRIORITY, kPriority);
  nla_put_u32(message.get(), FRA_FWMARK, static_cast<uint32_t>(table));
  nla_put_u8(message.get(), FRA_PROTOCOL, kRouteProtocol);
  return message;
}

// 0 for a rule that is not ours.
int TableOf(int family, nlmsghdr* header) {
  const auto* rule = static_cast<const fib_rule_hdr*>(nlmsg_data(header));
  nlattr* attributes[FRA_MAX + 1];
  if (rule->family != family || nlmsg_parse(header, sizeof(*rule), attributes, FRA_MAX, nullptr) < 0) return 0;
  const nlattr* protocol = attributes[FRA_PROTOCOL];
  const nlattr* mark = attributes[FRA_FWMARK];
  if (protocol == nullptr || nla_get_u8(protocol) != kRouteProtocol || mark == nullptr) return 0;
  return nla_get_u32(mark) == rule->table ? rule->table : 0;
}

}  // namespace

absl::StatusOr<RoutingRules> RoutingRules::Open(int family) {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_ROUTE));
  return RoutingRules(std::move(socket), family);
}

absl::StatusOr<std::set<int>> RoutingRules::Tables() {
  constexpr int kTries = 20;
  absl::Status status;
  std::set<int> tables;
  for (int i = 0; i < kTries; ++i) {
    tables.clear();
    NlMessage message = NewRequest(RTM_GETRULE);
    fib_rule_hdr header = {};
    header.family = static_cast<unsigned char>(family_);
    nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
    status = socket_.Dump(std::move(message), "cannot list routing rules", [&](nlmsghdr* answer) {
      if (const int table = TableOf(family_, answer); table != 0) tables.insert(table);
    });
    if (!absl::IsUnavailable(status)) break;
  }
  RETURN_IF_ERROR(status);
  return tables;
}

absl::Status RoutingRules::SetTables(const std::set<int>& tables) {
  ASSIGN_OR_RETURN(const std::set<int> present, Tables());
  for (const int table : tables) {
    if (present.contains(table)) continue;
    RETURN_IF_ERROR(socket_.Execute(RuleRequest(family_, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, table),
                                    absl::StrCat("cannot add the rule of route table ", table)));
  }
  for (const int table : present) {
    if (tables.contains(table)) continue;
    const absl::Status removed = socket_.Execute(RuleRequest(family_, RTM_DELRULE, 0, table),
                                                 absl::StrCat("cannot delete the rule of route table ", table));
    if (!absl::IsNotFound(removed)) RETURN_IF_ERROR(removed);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
