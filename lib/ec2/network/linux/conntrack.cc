#include "lib/ec2/network/linux/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>

#include <utility>
#include <vector>

#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

NlMessage ConntrackRequest(int family, int type) {
  NlMessage message = NewRequest(NFNL_SUBSYS_CTNETLINK << 8 | type);
  nfgenmsg header = {};
  header.nfgen_family = static_cast<uint8_t>(family);
  header.version = NFNETLINK_V0;
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  return message;
}

struct Tuple {
  Ipv4 source, target;
  int protocol = 0;
};

// Zeros when it has no IPv4 addresses.
Tuple ParseTuple(nlattr* tuple) {
  nlattr* parts[CTA_TUPLE_MAX + 1];
  nlattr* addresses[CTA_IP_MAX + 1];
  if (tuple == nullptr || nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, nullptr) < 0 ||
      parts[CTA_TUPLE_IP] == nullptr || nla_parse_nested(addresses, CTA_IP_MAX, parts[CTA_TUPLE_IP], nullptr) < 0 ||
      addresses[CTA_IP_V4_SRC] == nullptr || addresses[CTA_IP_V4_DST] == nullptr) {
    return {};
  }
  Tuple parsed{Ipv4{ntohl(nla_get_u32(addresses[CTA_IP_V4_SRC]))}, Ipv4{ntohl(nla_get_u32(addresses[CTA_IP_V4_DST]))}};
  nlattr* protocol[CTA_PROTO_MAX + 1];
  if (parts[CTA_TUPLE_PROTO] != nullptr &&
      nla_parse_nested(protocol, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], nullptr) == 0 &&
      protocol[CTA_PROTO_NUM] != nullptr) {
    parsed.protocol = nla_get_u8(protocol[CTA_PROTO_NUM]);
  }
  return parsed;
}

TrackedConnection ParseEntry(nlattr** attributes) {
  const Tuple first = ParseTuple(attributes[CTA_TUPLE_ORIG]), answer = ParseTuple(attributes[CTA_TUPLE_REPLY]);
  TrackedConnection connection{first.source, first.target, answer.source, answer.target, first.protocol, {}};
  if (attributes[CTA_TIMEOUT] != nullptr) connection.left = absl::Seconds(ntohl(nla_get_u32(attributes[CTA_TIMEOUT])));
  return connection;
}

struct Ipv6Tuple {
  Ipv6 source, target;
};

// Zeros when it has no IPv6 addresses.
Ipv6Tuple ParseIpv6Tuple(nlattr* tuple) {
  nlattr* parts[CTA_TUPLE_MAX + 1];
  nlattr* addresses[CTA_IP_MAX + 1];
  if (tuple == nullptr || nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, nullptr) < 0 ||
      parts[CTA_TUPLE_IP] == nullptr || nla_parse_nested(addresses, CTA_IP_MAX, parts[CTA_TUPLE_IP], nullptr) < 0) {
    return {};
  }
  Ipv6Tuple parsed;
  nla_memcpy(parsed.source.bytes.data(), addresses[CTA_IP_V6_SRC], static_cast<int>(parsed.source.bytes.size()));
  nla_memcpy(parsed.target.bytes.data(), addresses[CTA_IP_V6_DST], static_cast<int>(parsed.target.bytes.size()));
  return parsed;
}

}  // namespace

absl::StatusOr<Conntrack> Conntrack::Open() {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_NETFILTER));
  return Conntrack(std::move(socket));
}

absl::StatusOr<std::vector<TrackedConnection>> Conntrack::List() {
  std::vector<TrackedConnection> connections;
  const auto on_entry = [&](nlmsghdr* header) {
    nlattr* attributes[CTA_MAX + 1];
    if (nlmsg_parse(header, sizeof(nfgenmsg), attributes, CTA_MAX, nullptr) < 0) return;
    connections.push_back(ParseEntry(attributes));
  };
  RETURN_IF_ERROR(
      socket_.Dump(ConntrackRequest(AF_INET, IPCTNL_MSG_CT_GET), "cannot read tracked connections", on_entry));
  return connections;
}

absl::Status Conntrack::Evict(absl::FunctionRef<bool(const TrackedConnection&)> is_past) {
  return EvictEntries(AF_INET, [&](nlattr** attributes) { return is_past(ParseEntry(attributes)); });
}

absl::Status Conntrack::EvictIpv6(absl::FunctionRef<bool(const Ipv6TrackedConnection&)> is_past) {
  return EvictEntries(AF_INET6, [&](nlattr** attributes) {
    const Ipv6Tuple first = ParseIpv6Tuple(attributes[CTA_TUPLE_ORIG]);
    const Ipv6Tuple answer = ParseIpv6Tuple(attributes[CTA_TUPLE_REPLY]);
    return is_past({first.source, first.target, answer.source, answer.target});
  });
}

absl::Status Conntrack::EvictEntries(int family, absl::FunctionRef<bool(nlattr** attributes)> is_past) {
  std::vector<NlMessage> deletions;
  const auto on_entry = [&](nlmsghdr* header) {
    nlattr* attributes[CTA_MAX + 1];
    if (nlmsg_parse(header, sizeof(nfgenmsg), attributes, CTA_MAX, nullptr) < 0) return;
    const nlattr* key = attributes[CTA_TUPLE_ORIG];
    if (key == nullptr || !is_past(attributes)) return;
    NlMessage deletion = ConntrackRequest(family, IPCTNL_MSG_CT_DELETE);
    nla_put(deletion.get(), CTA_TUPLE_ORIG | NLA_F_NESTED, nla_len(key), nla_data(key));
    deletions.push_back(std::move(deletion));
  };
  RETURN_IF_ERROR(
      socket_.Dump(ConntrackRequest(family, IPCTNL_MSG_CT_GET), "cannot read tracked connections", on_entry));
  for (NlMessage& deletion : deletions) {
    const absl::Status status = socket_.Execute(std::move(deletion), "cannot forget a tracked connection");
    if (!status.ok() && !absl::IsNotFound(status)) return status;  // it may have ended by itself meanwhile
  }
  return absl::OkStatus();
}

}  // namespace brume::network
