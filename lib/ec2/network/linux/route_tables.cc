#include "lib/ec2/network/linux/route_tables.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"

namespace brume::network {
namespace {

constexpr int kFallbackMetric = 1000;
constexpr Cidr kEverything{};

bool Has(const std::vector<Route>& routes, const Route& route) {
  return std::find(routes.begin(), routes.end(), route) != routes.end();
}

}  // namespace

std::vector<Route> KernelRoutes(const std::vector<RouteTableSpec>& tables, const std::vector<Cidr>& ranges,
                                const RouteWays& ways) {
  std::vector<Route> routes;
  for (const RouteTableSpec& table : tables) {
    for (const Cidr& range : ranges) {
      routes.push_back({.destination = range, .kind = RouteKind::kThrow, .table = table.number});
    }
    std::set<Cidr> covered;
    for (const RouteSpec& route : table.routes) {
      const auto tap = ways.taps.find(route.tap);
      if (route.way == RouteSpec::Way::kGateway) {
        covered.insert(route.destination);
        routes.push_back({.destination = route.destination,
                          .link = ways.uplink,
                          .gateway = ways.addresses.gateway,
                          .source = ways.addresses.own,
                          .table = table.number,
                          .realm = route.nat});
      } else if (route.way == RouteSpec::Way::kPort && tap != ways.taps.end()) {
        routes.push_back({.destination = route.destination,
                          .link = tap->second,
                          .gateway = route.address,
                          .table = table.number,
                          .realm = route.nat});
      } else if (route.way == RouteSpec::Way::kPeer) {
        const auto link = ways.peerings.find(PeeringLinkName(route.peering));
        if (link != ways.peerings.end()) {
          routes.push_back({.destination = route.destination,
                            .link = link->second,
                            .gateway = kPeeringGateway,
                            .table = table.number});
        }
      }
      if (covered.insert(route.destination).second) {
        routes.push_back({.destination = route.destination,
                          .kind = RouteKind::kBlackhole,
                          .table = table.number,
                          .metric = kFallbackMetric});
      }
    }
    // Where no route leads nothing goes: the main table, which comes next, has a way out for the router itself.
    if (covered.insert(kEverything).second) {
      routes.push_back({.destination = kEverything,
                        .kind = RouteKind::kBlackhole,
                        .table = table.number,
                        .metric = kFallbackMetric});
    }
  }
  return routes;
}

RoutingRuleSet RoutingRulesFor(const VpcSpec& spec) {
  RoutingRuleSet rules{.local = {spec.ranges.begin(), spec.ranges.end()}};
  for (const RouteTableSpec& table : spec.tables) rules.tables.insert(table.number);
  for (const EndpointSpec& endpoint : spec.endpoints) {
    const RouteTableSpec* const table = RouteTableOf(endpoint.subnet, spec.tables);
    const bool asked_by_peers = !spec.peerings.empty() && table != nullptr && endpoint.private_ip.has_value();
    if (asked_by_peers) rules.senders[*endpoint.private_ip] = table->number;
  }
  return rules;
}

absl::Status EnsureRouteTables(Rtnetlink& links, RoutingRules& rules, const RoutingRuleSet& rules_wanted,
                               const std::vector<Route>& wanted) {
  ASSIGN_OR_RETURN(const std::vector<Route> present, links.TableRoutes());
  // What is wanted first: no packet is without its route meanwhile.
  for (const Route& route : wanted) {
    if (!Has(present, route)) RETURN_IF_ERROR(links.SetRoute(route));
  }
  const auto replaced = [&](const Route& route) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Route& other) {
      return other.table == route.table && other.destination == route.destination && other.metric == route.metric;
    });
  };
  for (const Route& route : present) {
    if (!replaced(route)) RETURN_IF_ERROR(links.DeleteRoute(route));
  }
  return rules.Set(rules_wanted);
}

absl::StatusOr<std::vector<std::string>> InspectRouteTables(Rtnetlink& links, RoutingRules& rules,
                                                            const RoutingRuleSet& rules_wanted,
                                                            const std::vector<Route>& wanted) {
  std::vector<std::string> damages;
  ASSIGN_OR_RETURN(const std::vector<Route> present, links.TableRoutes());
  for (const Route& route : wanted) {
    if (Has(present, route)) continue;
    damages.push_back(absl::StrCat("the route to ", route.destination.text(), " of table ", route.table, " is gone"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> missing, rules.Missing(rules_wanted));
  for (const std::string& rule : missing) damages.push_back(absl::StrCat("the ", rule, " is gone"));
  return damages;
}

}  // namespace brume::network
