#include "lib/ec2/network/linux/rtnetlink.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netlink/attr.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

constexpr int kMacBytes = 6;
using Mac = std::array<uint8_t, kMacBytes>;

std::optional<Mac> ParseMac(const std::string& text) {
  ether_addr parsed;
  if (ether_aton_r(text.c_str(), &parsed) == nullptr) return std::nullopt;
  Mac mac;
  std::copy(std::begin(parsed.ether_addr_octet), std::end(parsed.ether_addr_octet), mac.begin());
  return mac;
}

template <typename Header>
void Put(const NlMessage& message, const Header& header) {
  // Room was made by nlmsg_alloc_simple: a page, and none of our messages comes near it.
  nlmsg_append(message.get(), const_cast<Header*>(&header), sizeof(header), NLMSG_ALIGNTO);
}

void PutAddress(const NlMessage& message, int attribute, Ipv4 address) {
  nla_put_u32(message.get(), attribute, htonl(address.value));
}

Ipv4 GetAddress(const nlattr* attribute) { return Ipv4{ntohl(nla_get_u32(attribute))}; }

Link ParseLink(nlmsghdr* header) {
  const auto* info = static_cast<const ifinfomsg*>(nlmsg_data(header));
  Link link;
  link.index = info->ifi_index;
  link.up = (info->ifi_flags & IFF_UP) != 0;
  nlattr* attributes[IFLA_MAX + 1];
  if (nlmsg_parse(header, sizeof(*info), attributes, IFLA_MAX, nullptr) < 0) return link;
  if (attributes[IFLA_IFNAME] != nullptr) link.name = nla_get_string(attributes[IFLA_IFNAME]);
  if (const nlattr* mac = attributes[IFLA_ADDRESS]; mac != nullptr && nla_len(mac) == kMacBytes) {
    const auto* b = static_cast<const uint8_t*>(nla_data(mac));
    link.mac = absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
  }
  return link;
}

std::optional<LinkCounters> ParseCounters(nlmsghdr* header) {
  nlattr* attributes[IFLA_MAX + 1];
  if (nlmsg_parse(header, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) < 0) return std::nullopt;
  const nlattr* name = attributes[IFLA_IFNAME];
  const nlattr* statistics = attributes[IFLA_STATS64];
  rtnl_link_stats64 counters = {};
  if (name == nullptr || statistics == nullptr) return std::nullopt;
  // Older kernels have fewer counters, newer ones more; what is wanted are the first.
  memcpy(&counters, nla_data(statistics), std::min<size_t>(sizeof counters, nla_len(statistics)));
  return LinkCounters{.name = nla_get_string(const_cast<nlattr*>(name)),
                      .received_bytes = static_cast<int64_t>(counters.rx_bytes),
                      .received_packets = static_cast<int64_t>(counters.rx_packets),
                      .sent_bytes = static_cast<int64_t>(counters.tx_bytes),
                      .sent_packets = static_cast<int64_t>(counters.tx_packets)};
}

static_assert(kMainTable == RT_TABLE_MAIN);

constexpr std::pair<RouteKind, unsigned char> kRouteTypes[] = {{RouteKind::kUnicast, RTN_UNICAST},
                                                               {RouteKind::kUnreachable, RTN_UNREACHABLE},
                                                               {RouteKind::kBlackhole, RTN_BLACKHOLE},
                                                               {RouteKind::kThrow, RTN_THROW}};

unsigned char TypeOf(RouteKind kind) {
  for (const auto& [each, type] : kRouteTypes) {
    if (each == kind) return type;
  }
  return RTN_UNSPEC;
}

std::optional<Route> ParseRoute(nlmsghdr* header) {
  const auto* info = static_cast<const rtmsg*>(nlmsg_data(header));
  if (info->rtm_family != AF_INET || info->rtm_protocol != kRouteProtocol) return std::nullopt;
  nlattr* attributes[RTA_MAX + 1];
  if (nlmsg_parse(header, sizeof(*info), attributes, RTA_MAX, nullptr) < 0) return std::nullopt;
  Route route;
  route.destination.prefix_length = info->rtm_dst_len;
  route.table = info->rtm_table;
  for (const auto& [kind, type] : kRouteTypes) {
    if (type == info->rtm_type) route.kind = kind;
  }
  if (attributes[RTA_DST] != nullptr) route.destination.base = GetAddress(attributes[RTA_DST]);
  // A route that leads nowhere is shown with the loopback's index by some kernels.
  if (attributes[RTA_OIF] != nullptr && route.kind == RouteKind::kUnicast) {
    route.link = static_cast<int>(nla_get_u32(attributes[RTA_OIF]));
  }
  if (attributes[RTA_GATEWAY] != nullptr) route.gateway = GetAddress(attributes[RTA_GATEWAY]);
  if (attributes[RTA_PREFSRC] != nullptr) route.source = GetAddress(attributes[RTA_PREFSRC]);
  if (attributes[RTA_FLOW] != nullptr) route.realm = static_cast<int>(nla_get_u32(attributes[RTA_FLOW]));
  if (attributes[RTA_PRIORITY] != nullptr) route.metric = static_cast<int>(nla_get_u32(attributes[RTA_PRIORITY]));
  return route;
}

NlMessage RouteRequest(int type, int flags, const Route& route) {
  NlMessage message = NewRequest(type, flags);
  rtmsg info = {};
  info.rtm_family = AF_INET;
  info.rtm_dst_len = static_cast<unsigned char>(route.destination.prefix_length);
  info.rtm_table = static_cast<unsigned char>(route.table);
  info.rtm_protocol = kRouteProtocol;
  info.rtm_type = TypeOf(route.kind);
  const bool on_link = route.kind == RouteKind::kUnicast && !route.gateway.has_value();
  info.rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE /* any */ : on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  if (route.gateway.has_value()) info.rtm_flags = RTNH_F_ONLINK;
  Put(message, info);
  if (route.destination.prefix_length > 0) PutAddress(message, RTA_DST, route.destination.base);
  if (route.link != 0) nla_put_u32(message.get(), RTA_OIF, static_cast<uint32_t>(route.link));
  if (route.gateway.has_value()) PutAddress(message, RTA_GATEWAY, *route.gateway);
  if (route.source.has_value()) PutAddress(message, RTA_PREFSRC, *route.source);
  if (route.realm != 0) nla_put_u32(message.get(), RTA_FLOW, static_cast<uint32_t>(route.realm));
  if (route.metric != 0) nla_put_u32(message.get(), RTA_PRIORITY, static_cast<uint32_t>(route.metric));
  return message;
}

NlMessage AddressRequest(int type, int flags, int link, const LinkAddress& address) {
  NlMessage message = NewRequest(type, flags);
  ifaddrmsg info = {};
  info.ifa_family = AF_INET;
  info.ifa_prefixlen = static_cast<unsigned char>(address.prefix_length);
  info.ifa_index = static_cast<unsigned>(link);
  Put(message, info);
  PutAddress(message, IFA_LOCAL, address.address);
  PutAddress(message, IFA_ADDRESS, address.address);
  // The range is not on that link: each guest has a route of its own, and what has none is unreachable.
  nla_put_u32(message.get(), IFA_FLAGS, IFA_F_NOPREFIXROUTE);
  return message;
}

}  // namespace

absl::StatusOr<Rtnetlink> Rtnetlink::Open() {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_ROUTE));
  return Rtnetlink(std::move(socket));
}

absl::Status Rtnetlink::DumpStable(absl::FunctionRef<NlMessage()> request, absl::string_view what,
                                   absl::FunctionRef<void()> restart, NetlinkSocket::AnswerFunction on_answer) {
  constexpr int kTries = 20;
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    restart();
    status = socket_.Dump(request(), what, on_answer);
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

absl::StatusOr<std::vector<Link>> Rtnetlink::Links() {
  std::vector<Link> links;
  const auto request = [] {
    NlMessage message = NewRequest(RTM_GETLINK);
    Put(message, ifinfomsg{});
    nla_put_u32(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return message;
  };
  RETURN_IF_ERROR(DumpStable(
      request, "cannot list links", [&] { links.clear(); },
      [&](nlmsghdr* header) { links.push_back(ParseLink(header)); }));
  return links;
}

absl::StatusOr<std::vector<LinkCounters>> Rtnetlink::Counters() {
  std::vector<LinkCounters> links;
  const auto request = [] {
    NlMessage message = NewRequest(RTM_GETLINK);
    Put(message, ifinfomsg{});
    return message;
  };
  RETURN_IF_ERROR(DumpStable(
      request, "cannot read the counters of links", [&] { links.clear(); },
      [&](nlmsghdr* header) {
        if (std::optional<LinkCounters> counters = ParseCounters(header)) links.push_back(*std::move(counters));
      }));
  return links;
}

absl::StatusOr<std::optional<Link>> Rtnetlink::FindLink(const std::string& name) {
  NlMessage message = NewRequest(RTM_GETLINK);
  Put(message, ifinfomsg{});
  nla_put_string(message.get(), IFLA_IFNAME, name.c_str());
  nla_put_u32(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  std::optional<Link> link;
  const absl::Status status = socket_.Get(std::move(message), absl::StrCat("cannot find link ", name),
                                          [&](nlmsghdr* header) { link = ParseLink(header); });
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  return link;
}

absl::Status Rtnetlink::AddBridge(const std::string& name) { return AddLink(name, "bridge"); }

absl::Status Rtnetlink::AddIfb(const std::string& name) { return AddLink(name, "ifb"); }

absl::Status Rtnetlink::AddLink(const std::string& name, const char* kind) {
  NlMessage message = NewRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  Put(message, ifinfomsg{});
  nla_put_string(message.get(), IFLA_IFNAME, name.c_str());
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  nla_put_string(message.get(), IFLA_INFO_KIND, kind);
  nla_nest_end(message.get(), info);
  return socket_.Execute(std::move(message), absl::StrCat("cannot make ", kind, " ", name));
}

absl::Status Rtnetlink::AddVeth(const std::string& name, const std::string& peer, int peer_namespace) {
  NlMessage message = NewRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  Put(message, ifinfomsg{});
  nla_put_string(message.get(), IFLA_IFNAME, name.c_str());
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  nla_put_string(message.get(), IFLA_INFO_KIND, "veth");
  nlattr* data = nla_nest_start(message.get(), IFLA_INFO_DATA);
  nlattr* other = nla_nest_start(message.get(), VETH_INFO_PEER);
  Put(message, ifinfomsg{});
  nla_put_string(message.get(), IFLA_IFNAME, peer.c_str());
  nla_put_u32(message.get(), IFLA_NET_NS_FD, static_cast<uint32_t>(peer_namespace));
  nla_nest_end(message.get(), other);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return socket_.Execute(std::move(message), absl::StrCat("cannot make veth ", name));
}

absl::Status Rtnetlink::MoveLink(int index, int to_namespace) {
  NlMessage message = NewRequest(RTM_NEWLINK);
  ifinfomsg info = {};
  info.ifi_index = index;
  Put(message, info);
  nla_put_u32(message.get(), IFLA_NET_NS_FD, static_cast<uint32_t>(to_namespace));
  return socket_.Execute(std::move(message), "cannot move a link to another namespace");
}

absl::Status Rtnetlink::SetLink(int index, bool up, const std::string& mac) {
  NlMessage message = NewRequest(RTM_NEWLINK);
  ifinfomsg info = {};
  info.ifi_index = index;
  info.ifi_flags = up ? IFF_UP : 0;
  info.ifi_change = IFF_UP;
  Put(message, info);
  if (!mac.empty()) {
    const std::optional<Mac> bytes = ParseMac(mac);
    if (!bytes.has_value()) return absl::InvalidArgumentError(absl::StrCat("not a MAC address: ", mac));
    nla_put(message.get(), IFLA_ADDRESS, kMacBytes, bytes->data());
  }
  return socket_.Execute(std::move(message), "cannot set a link up or down");
}

absl::Status Rtnetlink::DeleteLink(int index) {
  NlMessage message = NewRequest(RTM_DELLINK);
  ifinfomsg info = {};
  info.ifi_index = index;
  Put(message, info);
  return socket_.Execute(std::move(message), "cannot delete a link");
}

absl::StatusOr<std::vector<LinkAddress>> Rtnetlink::Addresses(int link) {
  std::vector<LinkAddress> addresses;
  const auto request = [&] {
    NlMessage message = NewRequest(RTM_GETADDR);
    ifaddrmsg info = {};
    info.ifa_family = AF_INET;
    info.ifa_index = static_cast<unsigned>(link);
    Put(message, info);
    return message;
  };
  const auto on_answer = [&](nlmsghdr* header) {
    const auto* info = static_cast<const ifaddrmsg*>(nlmsg_data(header));
    nlattr* attributes[IFA_MAX + 1];
    if (info->ifa_index != static_cast<unsigned>(link) || info->ifa_family != AF_INET ||
        nlmsg_parse(header, sizeof(*info), attributes, IFA_MAX, nullptr) < 0 || attributes[IFA_LOCAL] == nullptr) {
      return;
    }
    addresses.push_back({GetAddress(attributes[IFA_LOCAL]), info->ifa_prefixlen});
  };
  RETURN_IF_ERROR(DumpStable(
      request, "cannot list addresses", [&] { addresses.clear(); }, on_answer));
  return addresses;
}

absl::Status Rtnetlink::AddAddress(int link, const LinkAddress& address) {
  const absl::Status status = socket_.Execute(AddressRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, address),
                                              absl::StrCat("cannot add address ", address.address.text()));
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status Rtnetlink::DeleteAddress(int link, const LinkAddress& address) {
  const absl::Status status = socket_.Execute(AddressRequest(RTM_DELADDR, 0, link, address),
                                              absl::StrCat("cannot delete address ", address.address.text()));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<std::vector<Route>> Rtnetlink::Routes() { return ListRoutes(/*main=*/true); }

absl::StatusOr<std::vector<Route>> Rtnetlink::TableRoutes() { return ListRoutes(/*main=*/false); }

absl::StatusOr<std::vector<Route>> Rtnetlink::ListRoutes(bool main) {
  std::vector<Route> routes;
  const auto request = [] {
    NlMessage message = NewRequest(RTM_GETROUTE);
    rtmsg info = {};
    info.rtm_family = AF_INET;
    info.rtm_protocol = kRouteProtocol;
    Put(message, info);
    return message;
  };
  RETURN_IF_ERROR(DumpStable(
      request, "cannot list routes", [&] { routes.clear(); },
      [&](nlmsghdr* header) {
        const std::optional<Route> route = ParseRoute(header);
        if (route.has_value() && (route->table == kMainTable) == main) routes.push_back(*route);
      }));
  return routes;
}

absl::Status Rtnetlink::SetRoute(const Route& route) {
  const std::string what = absl::StrCat("cannot set the route to ", route.destination.text());
  absl::Status status = socket_.Execute(RouteRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route), what);
  if (!absl::IsAlreadyExists(status)) return status;
  ASSIGN_OR_RETURN(const std::vector<Route> routes, ListRoutes(route.table == kMainTable));
  for (const Route& present : routes) {
    if (present.destination != route.destination || present.table != route.table || present.metric != route.metric) {
      continue;
    }
    if (present == route) return absl::OkStatus();
    return socket_.Execute(RouteRequest(RTM_NEWROUTE, NLM_F_REPLACE, route), what);
  }
  return absl::FailedPreconditionError(absl::StrCat(what, ": a route that is not Brume's is in the way"));
}

absl::Status Rtnetlink::DeleteRoute(const Route& route) {
  const absl::Status status = socket_.Execute(RouteRequest(RTM_DELROUTE, 0, route),
                                              absl::StrCat("cannot delete the route to ", route.destination.text()));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status Rtnetlink::SetNeighbour(int link, Ipv4 address, const std::string& mac) {
  const std::optional<Mac> bytes = ParseMac(mac);
  if (!bytes.has_value()) return absl::InvalidArgumentError(absl::StrCat("not a MAC address: ", mac));
  NlMessage message = NewRequest(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  ndmsg info = {};
  info.ndm_family = AF_INET;
  info.ndm_ifindex = link;
  info.ndm_state = NUD_PERMANENT;
  Put(message, info);
  PutAddress(message, NDA_DST, address);
  nla_put(message.get(), NDA_LLADDR, kMacBytes, bytes->data());
  return socket_.Execute(std::move(message), absl::StrCat("cannot set the neighbour ", address.text()));
}

}  // namespace brume::network
