#include "lib/ec2/network/linux/router_links.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/sysctl.h"
#include "lib/ec2/network/model/link_services.h"
#include "lib/ec2/network/router_addresses.h"

namespace brume::network {
namespace {

constexpr char kForward[] = "ipv4/ip_forward";

absl::Status WriteIfKnown(const std::string& name, const std::string& value) {
  const absl::Status status = WriteSysctl(name, value);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status EnsureSettings() {
  RETURN_IF_ERROR(WriteSysctl(kForward, "1"));
  for (const char* scope : {"all", "default"}) {
    const std::string conf = absl::StrCat("ipv4/conf/", scope, "/");
    // The source of what a guest sends is checked by the packet rules, more strictly than rp_filter does.
    RETURN_IF_ERROR(WriteSysctl(conf + "rp_filter", "0"));
    RETURN_IF_ERROR(WriteSysctl(conf + "accept_redirects", "0"));
    RETURN_IF_ERROR(WriteSysctl(conf + "send_redirects", "0"));
    RETURN_IF_ERROR(WriteSysctl(conf + "accept_source_route", "0"));
    RETURN_IF_ERROR(WriteIfKnown(absl::StrCat("ipv6/conf/", scope, "/disable_ipv6"), "1"));
  }
  // Nearly all packets are forwarded: a socket of the router's is not looked for before they are routed.
  RETURN_IF_ERROR(WriteIfKnown("ipv4/ip_early_demux", "0"));
  // As long as EC2 tracks an idle UDP stream.
  return WriteIfKnown("netfilter/nf_conntrack_udp_timeout_stream", "180");
}

Route UnreachableRoute(const Cidr& range) { return {.destination = range, .kind = RouteKind::kUnreachable}; }

// The gateway first: the route through it needs it.
std::vector<Route> UplinkRoutes(int uplink, const UplinkAddresses& addresses) {
  return {{.destination = Cidr{addresses.gateway, 32}, .link = uplink, .source = addresses.own},
          {.destination = Cidr{Ipv4{0}, 0}, .link = uplink, .gateway = addresses.gateway, .source = addresses.own}};
}

absl::StatusOr<Link> NeedLink(Rtnetlink& links, const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<Link> link, links.FindLink(name));
  if (!link.has_value()) return absl::InternalError(absl::StrCat("link ", name, " is missing"));
  return *std::move(link);
}

absl::StatusOr<Link> EnsureRouterLink(Rtnetlink& links) {
  ASSIGN_OR_RETURN(const std::optional<Link> present, links.FindLink(kRouterLink));
  if (!present.has_value()) RETURN_IF_ERROR(links.AddBridge(kRouterLink));
  ASSIGN_OR_RETURN(Link link, NeedLink(links, kRouterLink));
  if (!link.up) RETURN_IF_ERROR(links.SetLink(link.index, /*up=*/true, kRouterMac));
  return link;
}

std::vector<LinkAddress> RouterAddresses(const VpcSpec& spec) {
  // Gateways first: the first address is the one the kernel sends from where nothing else decides.
  std::vector<LinkAddress> wanted;
  for (const Subnet& subnet : spec.subnets) {
    if (!subnet.ipv6_native()) wanted.push_back({RouterAddress(*subnet.cidr), subnet.cidr->prefix_length});
  }
  // NAT gateways' among them, so that those who answer one find it on their wire.
  for (const Ipv4 address : FurtherRouterAddresses(spec)) wanted.push_back({address, 32});
  for (const EndpointSpec& endpoint : spec.endpoints) {
    if (endpoint.private_ip.has_value()) wanted.push_back({*endpoint.private_ip, 32});
  }
  return wanted;
}

absl::Status EnsureAddresses(Rtnetlink& links, int link, const std::vector<LinkAddress>& wanted) {
  ASSIGN_OR_RETURN(const std::vector<LinkAddress> present, links.Addresses(link));
  for (const LinkAddress& address : present) {
    if (std::find(wanted.begin(), wanted.end(), address) == wanted.end()) {
      RETURN_IF_ERROR(links.DeleteAddress(link, address));
    }
  }
  for (const LinkAddress& address : wanted) {
    if (std::find(present.begin(), present.end(), address) == present.end()) {
      RETURN_IF_ERROR(links.AddAddress(link, address));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EnsureRouter(Rtnetlink& links, const VpcSpec& spec) {
  RETURN_IF_ERROR(EnsureSettings());
  ASSIGN_OR_RETURN(const Link loopback, NeedLink(links, "lo"));
  if (!loopback.up) RETURN_IF_ERROR(links.SetLink(loopback.index, /*up=*/true, ""));
  ASSIGN_OR_RETURN(const Link router, EnsureRouterLink(links));
  RETURN_IF_ERROR(EnsureAddresses(links, router.index, RouterAddresses(spec)));
  for (const Cidr& range : spec.ranges) RETURN_IF_ERROR(links.SetRoute(UnreachableRoute(range)));
  // Of a range that the VPC no longer has.
  ASSIGN_OR_RETURN(const std::vector<Route> routes, links.Routes());
  for (const Route& route : routes) {
    const bool kept = std::find(spec.ranges.begin(), spec.ranges.end(), route.destination) != spec.ranges.end();
    if (route.kind == RouteKind::kUnreachable && !kept) RETURN_IF_ERROR(links.DeleteRoute(route));
  }
  return absl::OkStatus();
}

absl::Status EnsureUplink(Rtnetlink& links, int uplink, const UplinkAddresses& addresses) {
  // The host may forward from anywhere: what comes in this way must not claim to be a guest.
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/conf/", kUplinkLink, "/rp_filter"), "1"));
  RETURN_IF_ERROR(EnsureAddresses(links, uplink, {{addresses.own, 32}}));
  RETURN_IF_ERROR(links.SetLink(uplink, /*up=*/true, ""));
  for (const Route& route : UplinkRoutes(uplink, addresses)) RETURN_IF_ERROR(links.SetRoute(route));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> InspectRouter(Rtnetlink& rtnetlink, const std::vector<Link>& links,
                                                       const VpcSpec& spec) {
  std::vector<std::string> damages;
  for (const char* name : {"lo", kRouterLink, kUplinkLink}) {
    const auto link = std::find_if(links.begin(), links.end(), [&](const Link& each) { return each.name == name; });
    if (link == links.end() || !link->up) {
      damages.push_back(absl::StrCat("the link ", name, link == links.end() ? " is gone" : " is down"));
      continue;
    }
    if (name != absl::string_view(kRouterLink)) continue;
    ASSIGN_OR_RETURN(const std::vector<LinkAddress> present, rtnetlink.Addresses(link->index));
    for (const LinkAddress& address : RouterAddresses(spec)) {
      if (std::find(present.begin(), present.end(), address) != present.end()) continue;
      damages.push_back(absl::StrCat("the router's address ", address.address.text(), " is gone"));
    }
  }
  ASSIGN_OR_RETURN(const std::string forwards, ReadSysctl(kForward));
  if (forwards != "1") damages.push_back("the router does not forward (ip_forward)");
  return damages;
}

std::vector<Route> RouterRoutes(const VpcSpec& spec, int uplink, const UplinkAddresses& addresses) {
  std::vector<Route> routes = UplinkRoutes(uplink, addresses);
  for (const Cidr& range : spec.ranges) routes.push_back(UnreachableRoute(range));
  return routes;
}

Route TapRoute(const Link& tap, Ipv4 address) { return {.destination = Cidr{address, 32}, .link = tap.index}; }

absl::Status EnsureTap(Rtnetlink& links, const Link& tap, const PortRules& port, const std::set<Ipv4>& standing) {
  // The guest takes its whole subnet for its own wire; the router answers for everyone on it, at once.
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/conf/", tap.name, "/proxy_arp"), port.ipv6_native() ? "0" : "1"));
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/neigh/", tap.name, "/proxy_delay"), "0"));
  // The packet rules hold such a port to its own addresses, none of which is the router's: the kernel need not route
  // each packet's source to see that.
  const char* const holds_source = port.source_dest_check ? "1" : "0";
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/conf/", tap.name, "/accept_local"), holds_source));
  if (!tap.up || tap.mac != kRouterMac) RETURN_IF_ERROR(links.SetLink(tap.index, /*up=*/true, kRouterMac));
  // Permanent entries are not counted against the kernel's neighbour limit, which all namespaces share.
  for (const PortAddress& address : port.addresses()) {
    RETURN_IF_ERROR(links.SetNeighbour(tap.index, address.private_ip, port.mac));
    if (standing.contains(address.private_ip)) continue;
    RETURN_IF_ERROR(links.SetRoute(TapRoute(tap, address.private_ip)));
  }
  return absl::OkStatus();
}

}  // namespace brume::network
