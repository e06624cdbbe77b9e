#include "lib/ec2/network/linux/ipv6_links.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/sysctl.h"
#include "lib/ec2/network/router_addresses.h"

namespace brume::network {
namespace {

constexpr int kIpv6FallbackMetric = 2 * kIpv6Metric;
constexpr CidrIpv6 kEveryIpv6{};
constexpr char kForwardIpv6[] = "ipv6/conf/all/forwarding";

std::string Setting(const std::string& link, const char* name) { return absl::StrCat("ipv6/conf/", link, "/", name); }

Ipv6LinkAddress RouterLinkLocal() { return {LinkLocalFor(kRouterMac), 64}; }

std::vector<Ipv6LinkAddress> RouterIpv6Addresses(const VpcSpec& spec) {
  std::vector<Ipv6LinkAddress> wanted = {RouterLinkLocal()};
  for (const Ipv6& address : FurtherRouterIpv6Addresses()) wanted.push_back({address, 128});
  for (const Subnet& subnet : spec.subnets) {
    if (subnet.cidr_ipv6.has_value()) {
      wanted.push_back({RouterAddress(*subnet.cidr_ipv6), subnet.cidr_ipv6->prefix_length});
    }
  }
  for (const EndpointSpec& endpoint : spec.endpoints) {
    if (endpoint.ipv6.has_value()) wanted.push_back({*endpoint.ipv6, 128});
  }
  return wanted;
}

absl::Status EnsureAddresses(Ipv6Netlink& ipv6, int link, const std::vector<Ipv6LinkAddress>& wanted) {
  ASSIGN_OR_RETURN(const std::vector<Ipv6LinkAddress> present, ipv6.Addresses(link));
  for (const Ipv6LinkAddress& address : present) {
    if (std::find(wanted.begin(), wanted.end(), address) != wanted.end()) continue;
    RETURN_IF_ERROR(ipv6.DeleteAddress(link, address));
  }
  for (const Ipv6LinkAddress& address : wanted) {
    if (std::find(present.begin(), present.end(), address) != present.end()) continue;
    // Only link-local ones are on the link: each guest's address has a route of its own.
    RETURN_IF_ERROR(ipv6.AddAddress(link, address, /*on_link=*/address == RouterLinkLocal()));
  }
  return absl::OkStatus();
}

const Link* FindLinkIn(const std::vector<Link>& links, absl::string_view name) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const Link& each) { return each.name == name; });
  return found == links.end() ? nullptr : &*found;
}

using Ports = std::map<std::string, PortRules>;

// A port that is checked gets what is addressed to it, and nothing that a route leads there.
bool TakesRoutes(const Ports& ports, const std::string& tap) {
  const auto port = ports.find(tap);
  return port != ports.end() && !port->second.source_dest_check;
}

// Unset where what it leads to is not here or down.
std::optional<Ipv6Route> WayOf(const Ipv6RouteSpec& route, const Ports& ports, const std::vector<Link>& links) {
  const Link* link = nullptr;
  Ipv6Route way{.destination = route.destination};
  switch (route.way) {
    case Ipv6RouteSpec::Way::kNowhere:
      return std::nullopt;
    case Ipv6RouteSpec::Way::kGateway:
    case Ipv6RouteSpec::Way::kEgress:
      link = FindLinkIn(links, kUplinkLink);
      way.gateway = route.way == Ipv6RouteSpec::Way::kGateway ? kHostGatewayIpv6 : kEgressGatewayIpv6;
      break;
    case Ipv6RouteSpec::Way::kPort:
      if (!TakesRoutes(ports, route.tap)) return std::nullopt;
      link = FindLinkIn(links, route.tap);
      way.gateway = route.address;
      break;
    case Ipv6RouteSpec::Way::kPeer:
      link = FindLinkIn(links, PeeringLinkName(route.peering));
      way.gateway = kPeeringGatewayIpv6;
      break;
  }
  // The kernel takes no route over a link that is down.
  if (link == nullptr || !link->up) return std::nullopt;
  way.link = link->index;
  return way;
}

void AppendTable(const VpcSpec& spec, int table, const Ports& ports, const std::vector<Link>& links,
                 std::vector<Ipv6Route>& routes) {
  for (const CidrIpv6& range : spec.ipv6.ranges) {
    routes.push_back({.destination = range, .kind = RouteKind::kThrow, .table = table});
  }
  std::set<CidrIpv6> covered;
  const auto found = spec.ipv6.routes.find(table);
  for (const Ipv6RouteSpec& route : found == spec.ipv6.routes.end() ? std::vector<Ipv6RouteSpec>() : found->second) {
    if (std::optional<Ipv6Route> way = WayOf(route, ports, links)) {
      way->table = table;
      routes.push_back(*std::move(way));
    }
    // With the port or the peer gone it is dropped, and does not take the next shorter way.
    covered.insert(route.destination);
  }
  covered.insert(kEveryIpv6);
  for (const CidrIpv6& destination : covered) {
    routes.push_back(
        {.destination = destination, .kind = RouteKind::kBlackhole, .table = table, .metric = kIpv6FallbackMetric});
  }
}

// As RoutingRulesFor.
RoutingRuleSet Ipv6RoutingRulesFor(const VpcSpec& spec) {
  RoutingRuleSet rules;
  if (!spec.ipv6.on()) return rules;
  for (const RouteTableSpec& table : spec.tables) rules.tables.insert(table.number);
  for (const EndpointSpec& endpoint : spec.endpoints) {
    const RouteTableSpec* const table = RouteTableOf(endpoint.subnet, spec.tables);
    const bool asked_by_peers = !spec.ipv6.peers.empty() && table != nullptr && endpoint.ipv6.has_value();
    if (asked_by_peers) rules.senders[*endpoint.ipv6] = table->number;
  }
  return rules;
}

}  // namespace

absl::Status EnableIpv6(const std::string& link) {
  // No address of its own making, no router's word taken, no wait for others that have an address.
  const std::pair<const char*, const char*> settings[] = {{"addr_gen_mode", "1"},    {"accept_ra", "0"},
                                                          {"accept_redirects", "0"}, {"accept_dad", "0"},
                                                          {"dad_transmits", "0"},    {"disable_ipv6", "0"}};
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(WriteSysctl(Setting(link, name), value));
  return absl::OkStatus();
}

absl::Status DisableIpv6(const std::string& link) {
  const absl::Status status = WriteSysctl(Setting(link, "disable_ipv6"), "1");
  return absl::IsNotFound(status) ? absl::OkStatus() : status;  // the kernel has no IPv6, or the link is gone
}

absl::Status EnsureIpv6Router(Rtnetlink& links, Ipv6Netlink& ipv6, const VpcSpec& spec, const std::string& host_mac) {
  ASSIGN_OR_RETURN(const std::vector<Link> present, links.Links());
  if (!spec.ipv6.on()) {
    for (const Link& link : present) RETURN_IF_ERROR(DisableIpv6(link.name));
    return absl::OkStatus();
  }
  const Link* const router = FindLinkIn(present, kRouterLink);
  const Link* const uplink = FindLinkIn(present, kUplinkLink);
  if (router == nullptr || uplink == nullptr) return absl::InternalError("the router's links are missing");
  RETURN_IF_ERROR(WriteSysctl(kForwardIpv6, "1"));
  for (const char* name : {"lo", kRouterLink, kUplinkLink}) RETURN_IF_ERROR(EnableIpv6(name));
  RETURN_IF_ERROR(EnsureAddresses(ipv6, router->index, RouterIpv6Addresses(spec)));
  for (const Ipv6& gateway : {kHostGatewayIpv6, kEgressGatewayIpv6}) {
    RETURN_IF_ERROR(ipv6.SetNeighbour(uplink->index, gateway, host_mac));
  }
  return absl::OkStatus();
}

absl::Status EnsureIpv6Tap(Ipv6Netlink& ipv6, const Link& tap, const PortRules& port) {
  if (port.ipv6.empty()) return DisableIpv6(tap.name);
  RETURN_IF_ERROR(EnableIpv6(tap.name));
  RETURN_IF_ERROR(EnsureAddresses(ipv6, tap.index, {RouterLinkLocal()}));
  RETURN_IF_ERROR(ipv6.SetNeighbour(tap.index, LinkLocalFor(port.mac), port.mac));
  for (const Ipv6& address : port.ipv6) RETURN_IF_ERROR(ipv6.SetNeighbour(tap.index, address, port.mac));
  return absl::OkStatus();
}

absl::Status EnsureIpv6Peering(Ipv6Netlink& ipv6, const Link& link) {
  RETURN_IF_ERROR(EnableIpv6(link.name));
  return ipv6.SetNeighbour(link.index, kPeeringGatewayIpv6, kPeeringMac);
}

std::vector<Ipv6Route> Ipv6Routes(const VpcSpec& spec, const std::map<std::string, PortRules>& ports,
                                  const std::vector<Link>& links) {
  std::vector<Ipv6Route> routes;
  if (!spec.ipv6.on()) return routes;
  for (const CidrIpv6& range : spec.ipv6.ranges) {
    routes.push_back({.destination = range, .kind = RouteKind::kUnreachable});
  }
  for (const auto& [tap, port] : ports) {
    const Link* const link = FindLinkIn(links, tap);
    if (link == nullptr || !link->up) continue;
    for (const Ipv6& address : port.ipv6) {
      routes.push_back({.destination = {address.bytes, 128}, .link = link->index});
    }
  }
  for (const RouteTableSpec& table : spec.tables) AppendTable(spec, table.number, ports, links, routes);
  return routes;
}

absl::Status EnsureIpv6Routes(Ipv6Netlink& ipv6, RoutingRules& rules, const VpcSpec& spec,
                              const std::vector<Ipv6Route>& wanted) {
  ASSIGN_OR_RETURN(const std::vector<Ipv6Route> present, ipv6.Routes());
  const auto same_place = [](const Ipv6Route& a, const Ipv6Route& b) {
    return a.table == b.table && a.destination == b.destination && a.metric == b.metric;
  };
  // What is wanted first: no packet is without its route meanwhile.
  for (const Ipv6Route& route : wanted) {
    if (std::find(present.begin(), present.end(), route) == present.end()) RETURN_IF_ERROR(ipv6.SetRoute(route));
  }
  for (const Ipv6Route& route : present) {
    const bool kept =
        std::any_of(wanted.begin(), wanted.end(), [&](const Ipv6Route& each) { return same_place(each, route); });
    if (!kept) RETURN_IF_ERROR(ipv6.DeleteRoute(route));
  }
  return rules.Set(Ipv6RoutingRulesFor(spec));
}

absl::StatusOr<std::vector<std::string>> InspectIpv6(Ipv6Netlink& ipv6, RoutingRules& rules, const VpcSpec& spec,
                                                     const std::map<std::string, PortRules>& ports,
                                                     const std::vector<Link>& links) {
  std::vector<std::string> damages;
  if (!spec.ipv6.on()) return damages;
  ASSIGN_OR_RETURN(const std::vector<Ipv6Route> present, ipv6.Routes());
  for (const Ipv6Route& route : Ipv6Routes(spec, ports, links)) {
    if (std::find(present.begin(), present.end(), route) != present.end()) continue;
    damages.push_back(absl::StrCat("the route to ", route.destination.text(), " of table ", route.table, " is gone"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> missing, rules.Missing(Ipv6RoutingRulesFor(spec)));
  for (const std::string& rule : missing) damages.push_back(absl::StrCat("the IPv6 ", rule, " is gone"));
  if (const Link* const router = FindLinkIn(links, kRouterLink); router != nullptr) {
    ASSIGN_OR_RETURN(const std::vector<Ipv6LinkAddress> addresses, ipv6.Addresses(router->index));
    for (const Ipv6LinkAddress& address : RouterIpv6Addresses(spec)) {
      if (std::find(addresses.begin(), addresses.end(), address) != addresses.end()) continue;
      damages.push_back(absl::StrCat("the router's address ", address.address.text(), " is gone"));
    }
  }
  ASSIGN_OR_RETURN(const std::string forwards, ReadSysctl(kForwardIpv6));
  if (forwards != "1") damages.push_back("the router does not forward IPv6");
  return damages;
}

}  // namespace brume::network
