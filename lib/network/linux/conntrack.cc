#include "lib/network/linux/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>

#include <utility>
#include <vector>

#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

// Bits of CTA_FILTER_ORIG_FLAGS and CTA_FILTER_REPLY_FLAGS; the kernel's header for programs leaves them out.
constexpr uint32_t kFilterSource = 1 << 0, kFilterDestination = 1 << 1;

NlMessage ConntrackRequest(int type) {
  NlMessage message = NewRequest(NFNL_SUBSYS_CTNETLINK << 8 | type);
  nfgenmsg header = {};
  header.nfgen_family = AF_INET;
  header.version = NFNETLINK_V0;
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  return message;
}

// The address at `side` of an entry's tuple; null when it has none.
const nlattr* AddressOf(nlattr* tuple, int side) {
  nlattr* parts[CTA_TUPLE_MAX + 1];
  nlattr* addresses[CTA_IP_MAX + 1];
  if (tuple == nullptr || nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, nullptr) < 0 ||
      parts[CTA_TUPLE_IP] == nullptr || nla_parse_nested(addresses, CTA_IP_MAX, parts[CTA_TUPLE_IP], nullptr) < 0) {
    return nullptr;
  }
  return addresses[side];
}

}  // namespace

absl::StatusOr<Conntrack> Conntrack::Open() {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_NETFILTER));
  return Conntrack(std::move(socket));
}

absl::Status Conntrack::ForgetGuest(Ipv4 private_ip) {
  RETURN_IF_ERROR(Forget(CTA_TUPLE_ORIG, CTA_IP_V4_SRC, private_ip));
  return Forget(CTA_TUPLE_REPLY, CTA_IP_V4_SRC, private_ip);
}

absl::Status Conntrack::ForgetTranslations(Ipv4 public_ip) {
  RETURN_IF_ERROR(Forget(CTA_TUPLE_ORIG, CTA_IP_V4_DST, public_ip));
  return Forget(CTA_TUPLE_REPLY, CTA_IP_V4_DST, public_ip);
}

absl::Status Conntrack::Forget(int tuple, int side, Ipv4 address) {
  NlMessage dump = ConntrackRequest(IPCTNL_MSG_CT_GET);
  // Only what matches comes back; a kernel before 5.8 sends all, which the check below sorts out.
  nlattr* filter = nla_nest_start(dump.get(), CTA_FILTER);
  const uint32_t flag = side == CTA_IP_V4_SRC ? kFilterSource : kFilterDestination;
  nla_put_u32(dump.get(), CTA_FILTER_ORIG_FLAGS, tuple == CTA_TUPLE_ORIG ? flag : 0);
  nla_put_u32(dump.get(), CTA_FILTER_REPLY_FLAGS, tuple == CTA_TUPLE_REPLY ? flag : 0);
  nla_nest_end(dump.get(), filter);
  nlattr* wanted = nla_nest_start(dump.get(), tuple);
  nlattr* addresses = nla_nest_start(dump.get(), CTA_TUPLE_IP);
  nla_put_u32(dump.get(), side, htonl(address.value));
  nla_nest_end(dump.get(), addresses);
  nla_nest_end(dump.get(), wanted);

  std::vector<NlMessage> deletions;
  RETURN_IF_ERROR(socket_.Dump(std::move(dump), "cannot read tracked connections", [&](nlmsghdr* header) {
    nlattr* attributes[CTA_MAX + 1];
    if (nlmsg_parse(header, sizeof(nfgenmsg), attributes, CTA_MAX, nullptr) < 0) return;
    const nlattr* found = AddressOf(attributes[tuple], side);
    const nlattr* key = attributes[CTA_TUPLE_ORIG];
    if (found == nullptr || key == nullptr || nla_get_u32(found) != htonl(address.value)) return;
    NlMessage deletion = ConntrackRequest(IPCTNL_MSG_CT_DELETE);
    nla_put(deletion.get(), CTA_TUPLE_ORIG | NLA_F_NESTED, nla_len(key), nla_data(key));
    deletions.push_back(std::move(deletion));
  }));
  for (NlMessage& deletion : deletions) {
    const absl::Status status = socket_.Execute(std::move(deletion), "cannot forget a tracked connection");
    if (!status.ok() && !absl::IsNotFound(status)) return status;  // it may have ended by itself meanwhile
  }
  return absl::OkStatus();
}

}  // namespace brume::network
