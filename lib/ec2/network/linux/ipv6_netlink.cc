#include "lib/ec2/network/linux/ipv6_netlink.h"

#include <linux/rtnetlink.h>
#include <netinet/ether.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

template <typename Header>
void PutHeader(const NlMessage& message, const Header& header) {
  nlmsg_append(message.get(), const_cast<Header*>(&header), sizeof(header), NLMSG_ALIGNTO);
}

void PutIpv6(const NlMessage& message, int attribute, const Ipv6& address) {
  nla_put(message.get(), attribute, static_cast<int>(address.bytes.size()), address.bytes.data());
}

std::optional<Ipv6> GetIpv6(const nlattr* attribute) {
  Ipv6 address;
  if (attribute == nullptr || nla_len(attribute) != static_cast<int>(address.bytes.size())) return std::nullopt;
  const auto* octets = static_cast<const uint8_t*>(nla_data(attribute));
  std::copy_n(octets, address.bytes.size(), address.bytes.begin());
  return address;
}

constexpr std::pair<RouteKind, unsigned char> kIpv6RouteTypes[] = {{RouteKind::kUnicast, RTN_UNICAST},
                                                                   {RouteKind::kUnreachable, RTN_UNREACHABLE},
                                                                   {RouteKind::kBlackhole, RTN_BLACKHOLE},
                                                                   {RouteKind::kThrow, RTN_THROW}};

std::optional<Ipv6Route> ParseIpv6Route(nlmsghdr* header) {
  const auto* info = static_cast<const rtmsg*>(nlmsg_data(header));
  if (info->rtm_family != AF_INET6 || info->rtm_protocol != kRouteProtocol) return std::nullopt;
  nlattr* attributes[RTA_MAX + 1];
  if (nlmsg_parse(header, sizeof(*info), attributes, RTA_MAX, nullptr) < 0) return std::nullopt;
  Ipv6Route route;
  route.destination = {GetIpv6(attributes[RTA_DST]).value_or(Ipv6()).bytes, info->rtm_dst_len};
  route.table = info->rtm_table;
  for (const auto& [kind, type] : kIpv6RouteTypes) {
    if (type == info->rtm_type) route.kind = kind;
  }
  // A route that leads nowhere is shown with the loopback's index.
  if (attributes[RTA_OIF] != nullptr && route.kind == RouteKind::kUnicast) {
    route.link = static_cast<int>(nla_get_u32(attributes[RTA_OIF]));
  }
  route.gateway = GetIpv6(attributes[RTA_GATEWAY]);
  route.source = GetIpv6(attributes[RTA_PREFSRC]);
  if (attributes[RTA_PRIORITY] != nullptr) route.metric = static_cast<int>(nla_get_u32(attributes[RTA_PRIORITY]));
  return route;
}

NlMessage Ipv6RouteRequest(int type, int flags, const Ipv6Route& route) {
  NlMessage message = NewRequest(type, flags);
  rtmsg info = {};
  info.rtm_family = AF_INET6;
  info.rtm_dst_len = static_cast<unsigned char>(route.destination.prefix_length);
  info.rtm_table = static_cast<unsigned char>(route.table);
  info.rtm_protocol = kRouteProtocol;
  for (const auto& [kind, number] : kIpv6RouteTypes) {
    if (kind == route.kind) info.rtm_type = number;
  }
  info.rtm_scope = RT_SCOPE_UNIVERSE;
  PutHeader(message, info);
  if (route.destination.prefix_length > 0) PutIpv6(message, RTA_DST, route.destination.first());
  if (route.link != 0) nla_put_u32(message.get(), RTA_OIF, static_cast<uint32_t>(route.link));
  if (route.gateway.has_value()) PutIpv6(message, RTA_GATEWAY, *route.gateway);
  if (route.source.has_value()) PutIpv6(message, RTA_PREFSRC, *route.source);
  nla_put_u32(message.get(), RTA_PRIORITY, static_cast<uint32_t>(route.metric));
  return message;
}

NlMessage Ipv6AddressRequest(int type, int flags, int link, const Ipv6LinkAddress& address, bool on_link) {
  NlMessage message = NewRequest(type, flags);
  ifaddrmsg info = {};
  info.ifa_family = AF_INET6;
  info.ifa_prefixlen = static_cast<unsigned char>(address.prefix_length);
  info.ifa_index = static_cast<unsigned>(link);
  PutHeader(message, info);
  PutIpv6(message, IFA_LOCAL, address.address);
  PutIpv6(message, IFA_ADDRESS, address.address);
  nla_put_u32(message.get(), IFA_FLAGS, IFA_F_NODAD | (on_link ? 0 : IFA_F_NOPREFIXROUTE));
  return message;
}

// Reads a table whole, again while it changes under the reader.
absl::Status DumpUntilStable(NetlinkSocket& socket, absl::FunctionRef<NlMessage()> request, absl::string_view what,
                             absl::FunctionRef<void()> restart, NetlinkSocket::AnswerFunction on_answer) {
  constexpr int kTries = 20;
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    restart();
    status = socket.Dump(request(), what, on_answer);
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

}  // namespace

absl::StatusOr<Ipv6Netlink> Ipv6Netlink::Open() {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_ROUTE));
  return Ipv6Netlink(std::move(socket));
}

absl::StatusOr<std::vector<Ipv6LinkAddress>> Ipv6Netlink::Addresses(int link) {
  std::vector<Ipv6LinkAddress> addresses;
  const auto request = [&] {
    NlMessage message = NewRequest(RTM_GETADDR);
    ifaddrmsg info = {};
    info.ifa_family = AF_INET6;
    info.ifa_index = static_cast<unsigned>(link);
    PutHeader(message, info);
    return message;
  };
  const auto on_answer = [&](nlmsghdr* header) {
    const auto* info = static_cast<const ifaddrmsg*>(nlmsg_data(header));
    nlattr* attributes[IFA_MAX + 1];
    if (info->ifa_index != static_cast<unsigned>(link) || info->ifa_family != AF_INET6 ||
        nlmsg_parse(header, sizeof(*info), attributes, IFA_MAX, nullptr) < 0) {
      return;
    }
    const std::optional<Ipv6> address = GetIpv6(attributes[IFA_ADDRESS]);
    if (address.has_value()) addresses.push_back({*address, info->ifa_prefixlen});
  };
  RETURN_IF_ERROR(DumpUntilStable(
      socket_, request, "cannot list IPv6 addresses", [&] { addresses.clear(); }, on_answer));
  return addresses;
}

absl::Status Ipv6Netlink::AddAddress(int link, const Ipv6LinkAddress& address, bool on_link) {
  const absl::Status status =
      socket_.Execute(Ipv6AddressRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, address, on_link),
                      absl::StrCat("cannot add address ", address.address.text()));
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status Ipv6Netlink::DeleteAddress(int link, const Ipv6LinkAddress& address) {
  const absl::Status status = socket_.Execute(Ipv6AddressRequest(RTM_DELADDR, 0, link, address, /*on_link=*/true),
                                              absl::StrCat("cannot delete address ", address.address.text()));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<std::vector<Ipv6Route>> Ipv6Netlink::Routes() {
  std::vector<Ipv6Route> routes;
  const auto request = [] {
    NlMessage message = NewRequest(RTM_GETROUTE);
    rtmsg info = {};
    info.rtm_family = AF_INET6;
    info.rtm_protocol = kRouteProtocol;
    PutHeader(message, info);
    return message;
  };
  RETURN_IF_ERROR(DumpUntilStable(
      socket_, request, "cannot list IPv6 routes", [&] { routes.clear(); },
      [&](nlmsghdr* header) {
        if (std::optional<Ipv6Route> route = ParseIpv6Route(header)) routes.push_back(*std::move(route));
      }));
  return routes;
}

absl::Status Ipv6Netlink::SetRoute(const Ipv6Route& route) {
  return socket_.Execute(Ipv6RouteRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route),
                         absl::StrCat("cannot set the route to ", route.destination.text()));
}

absl::Status Ipv6Netlink::DeleteRoute(const Ipv6Route& route) {
  const absl::Status status = socket_.Execute(Ipv6RouteRequest(RTM_DELROUTE, 0, route),
                                              absl::StrCat("cannot delete the route to ", route.destination.text()));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status Ipv6Netlink::SetNeighbour(int link, const Ipv6& address, const std::string& mac) {
  ether_addr parsed;
  if (ether_aton_r(mac.c_str(), &parsed) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("not a MAC address: ", mac));
  }
  NlMessage message = NewRequest(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  ndmsg info = {};
  info.ndm_family = AF_INET6;
  info.ndm_ifindex = link;
  info.ndm_state = NUD_PERMANENT;
  PutHeader(message, info);
  PutIpv6(message, NDA_DST, address);
  nla_put(message.get(), NDA_LLADDR, sizeof(parsed.ether_addr_octet), parsed.ether_addr_octet);
  return socket_.Execute(std::move(message), absl::StrCat("cannot set the neighbour ", address.text()));
}

}  // namespace brume::network
