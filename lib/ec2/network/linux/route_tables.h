// A VPC's route tables in its namespace. A port's packets are marked with the number of its subnet's table, and routed
// by that table; what goes to the VPC's own ranges is left to the main one, which knows each port, by a rule that comes
// before (one lookup less for each packet between ports) and, should that be gone, by the table itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/host_network.h"
#include "lib/ec2/network/linux/routing_rules.h"
#include "lib/ec2/network/linux/rtnetlink.h"

namespace brume::network {

// What the routes lead to, as it stands now.
struct RouteWays {
  int uplink = 0;
  UplinkAddresses addresses;
  std::map<std::string, int> taps;      // those that are here, with their links
  std::map<std::string, int> peerings;  // likewise
};

// The kernel's routes for all tables. A route by a port is there twice: with the port gone, what it led there is
// dropped at once and does not take the next shorter way. Pure.
std::vector<Route> KernelRoutes(const std::vector<RouteTableSpec>& tables, const std::vector<Cidr>& ranges,
                                const RouteWays& ways);

// A rule for each table and each of the VPC's ranges; and for VPC endpoints, which answer peers by the routes of their
// subnets, as the router itself has none to them. Pure.
RoutingRuleSet RoutingRulesFor(const VpcSpec& spec);

// Makes exactly `wanted` and `rules_wanted` stand.
absl::Status EnsureRouteTables(Rtnetlink& links, RoutingRules& rules, const RoutingRuleSet& rules_wanted,
                               const std::vector<Route>& wanted);

// What is not so, in words.
absl::StatusOr<std::vector<std::string>> InspectRouteTables(Rtnetlink& links, RoutingRules& rules,
                                                            const RoutingRuleSet& rules_wanted,
                                                            const std::vector<Route>& wanted);

}  // namespace brume::network
