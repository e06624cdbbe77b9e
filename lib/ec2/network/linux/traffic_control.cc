#include "lib/ec2/network/linux/traffic_control.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

constexpr uint32_t kIngressHandle = 0xffff0000;
// A packet that the guest hands over in one piece (GSO) fits the bucket, and so is not cut into its parts.
constexpr int64_t kMinBurst = int64_t{128} << 10;
// Of a second, what may pass at once: the kernel looks at a bucket some hundred times a second.
constexpr int64_t kBurstsPerSecond = 250, kWaitsPerSecond = 20;
constexpr uint16_t kFilterPriority = 1;

NlMessage TcRequest(int type, int flags, int link, uint32_t parent, uint32_t handle, uint32_t info = 0) {
  NlMessage message = NewRequest(type, flags);
  tcmsg header = {};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = link;
  header.tcm_parent = parent;
  header.tcm_handle = handle;
  header.tcm_info = info;
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  return message;
}

int64_t RateOf(nlattr* options) {
  nlattr* parts[TCA_TBF_MAX + 1];
  if (options == nullptr || nla_parse_nested(parts, TCA_TBF_MAX, options, nullptr) < 0) return 0;
  if (parts[TCA_TBF_RATE64] != nullptr) return static_cast<int64_t>(nla_get_u64(parts[TCA_TBF_RATE64]));
  tc_tbf_qopt parameters = {};
  if (parts[TCA_TBF_PARMS] == nullptr) return 0;
  nla_memcpy(&parameters, parts[TCA_TBF_PARMS], sizeof(parameters));
  return parameters.rate.rate;
}

}  // namespace

absl::StatusOr<TrafficControl> TrafficControl::Open() {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_ROUTE));
  return TrafficControl(std::move(socket));
}

absl::StatusOr<std::map<int, Shaping>> TrafficControl::List() {
  std::map<int, Shaping> links;
  const auto on_answer = [&](nlmsghdr* header) {
    const auto* info = static_cast<const tcmsg*>(nlmsg_data(header));
    nlattr* attributes[TCA_MAX + 1];
    if (nlmsg_parse(header, sizeof(*info), attributes, TCA_MAX, nullptr) < 0 || attributes[TCA_KIND] == nullptr) return;
    const std::string kind = nla_get_string(attributes[TCA_KIND]);
    if (kind == "tbf" && info->tcm_parent == TC_H_ROOT) {
      links[info->tcm_ifindex].bytes_per_second = RateOf(attributes[TCA_OPTIONS]);
    }
    if (kind == "ingress") links[info->tcm_ifindex].redirected = true;
  };
  absl::Status status;
  // A change cuts the dump off.
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    links.clear();
    status = socket_.Dump(TcRequest(RTM_GETQDISC, 0, 0, 0, 0), "cannot list qdiscs", on_answer);
    if (!absl::IsUnavailable(status)) break;
  }
  RETURN_IF_ERROR(status);
  return links;
}

absl::Status TrafficControl::SetRate(int link, int64_t bytes_per_second) {
  const int64_t burst = std::max(kMinBurst, bytes_per_second / kBurstsPerSecond);
  tc_tbf_qopt parameters = {};
  constexpr int64_t kMaxRate32 = 0xffffffff;
  parameters.rate.rate = static_cast<uint32_t>(std::min(bytes_per_second, kMaxRate32));
  // So that the kernel asks for no table of times by length.
  parameters.rate.linklayer = TC_LINKLAYER_ETHERNET;
  parameters.limit = static_cast<uint32_t>(std::min(burst + bytes_per_second / kWaitsPerSecond, kMaxRate32));
  NlMessage message = TcRequest(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, link, TC_H_ROOT, 0);
  nla_put_string(message.get(), TCA_KIND, "tbf");
  nlattr* options = nla_nest_start(message.get(), TCA_OPTIONS);
  nla_put(message.get(), TCA_TBF_PARMS, sizeof(parameters), &parameters);
  nla_put_u32(message.get(), TCA_TBF_BURST, static_cast<uint32_t>(burst));
  if (bytes_per_second > kMaxRate32) {
    nla_put_u64(message.get(), TCA_TBF_RATE64, static_cast<uint64_t>(bytes_per_second));
  }
  nla_nest_end(message.get(), options);
  return socket_.Execute(std::move(message), "cannot limit the rate of a link");
}

absl::Status TrafficControl::AddIngress(int link) {
  NlMessage message = TcRequest(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, link, TC_H_INGRESS, kIngressHandle);
  nla_put_string(message.get(), TCA_KIND, "ingress");
  const absl::Status added = socket_.Execute(std::move(message), "cannot take what comes in by a link");
  return absl::IsAlreadyExists(added) ? absl::OkStatus() : added;
}

absl::Status TrafficControl::Redirect(int link, int to) {
  // Without its filter the qdisc passes everything: so there is none of an earlier target left.
  NlMessage past = TcRequest(RTM_DELQDISC, 0, link, TC_H_INGRESS, kIngressHandle);
  const absl::Status cleared = socket_.Execute(std::move(past), "cannot clear what comes in by a link");
  if (!absl::IsNotFound(cleared) && !absl::IsInvalidArgument(cleared)) RETURN_IF_ERROR(cleared);
  RETURN_IF_ERROR(AddIngress(link));
  const uint32_t info = uint32_t{kFilterPriority} << 16 | htons(ETH_P_ALL);
  NlMessage message = TcRequest(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, link, kIngressHandle, 0, info);
  nla_put_string(message.get(), TCA_KIND, "u32");
  nlattr* options = nla_nest_start(message.get(), TCA_OPTIONS);
  // One key of no bits behind it: every packet.
  tc_u32_sel selector = {};
  selector.flags = TC_U32_TERMINAL;
  selector.nkeys = 1;
  std::array<char, sizeof(tc_u32_sel) + sizeof(tc_u32_key)> all = {};
  std::memcpy(all.data(), &selector, sizeof(selector));
  nla_put(message.get(), TCA_U32_SEL, all.size(), all.data());
  nlattr* actions = nla_nest_start(message.get(), TCA_U32_ACT);
  nlattr* first = nla_nest_start(message.get(), 1);
  nla_put_string(message.get(), TCA_ACT_KIND, "mirred");
  nlattr* of_action = nla_nest_start(message.get(), TCA_ACT_OPTIONS);
  tc_mirred mirred = {};
  mirred.eaction = TCA_EGRESS_REDIR;
  mirred.action = TC_ACT_STOLEN;
  mirred.ifindex = static_cast<uint32_t>(to);
  nla_put(message.get(), TCA_MIRRED_PARMS, sizeof(mirred), &mirred);
  for (nlattr* nest : {of_action, first, actions, options}) nla_nest_end(message.get(), nest);
  return socket_.Execute(std::move(message), "cannot lead on what comes in by a link");
}

absl::Status TrafficControl::Clear(int link) {
  for (const auto& [parent, handle] :
       {std::pair{uint32_t{TC_H_ROOT}, uint32_t{0}}, std::pair{uint32_t{TC_H_INGRESS}, kIngressHandle}}) {
    NlMessage message = TcRequest(RTM_DELQDISC, 0, link, parent, handle);
    const absl::Status status = socket_.Execute(std::move(message), "cannot lift the limit of a link");
    // One that has none is reported either way.
    if (!absl::IsNotFound(status) && !absl::IsInvalidArgument(status)) RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
