// What of a VPC on the host is not as it was made. Part of VpcNetwork, in a file of its own.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/ipv6_links.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/router_links.h"
#include "lib/ec2/network/linux/sysctl.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {

absl::StatusOr<std::vector<Damage>> VpcNetwork::DoInspect() {
  std::vector<Damage> damages;
  if (!synced_) return damages;
  const auto note = [&](std::string what) { damages.push_back({.vpc = id_, .what = std::move(what)}); };
  ASSIGN_OR_RETURN(const bool named, NamesThisNamespace(NamespacePath(id_)));
  if (!named) note("the name of its namespace is gone");
  ASSIGN_OR_RETURN(const bool changed, nft_->ChangedByOthers());
  if (changed) note("its packet rules were changed or removed");
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  ASSIGN_OR_RETURN(std::vector<std::string> of_router, InspectRouter(*links_, links, spec_));
  for (std::string& what : of_router) note(std::move(what));
  for (const PeeringSpec& peering : spec_.peerings) {
    const std::string name = PeeringLinkName(peering.id);
    const auto link = std::find_if(links.begin(), links.end(), [&](const Link& each) { return each.name == name; });
    const bool stands = link != links.end() && link->up;
    if (!stands && OpenNamespace(NamespacePath(peering.other)).ok()) {
      note(absl::StrCat("the link ", name, " to ", peering.other.text(), " is gone or down"));
    }
  }
  ASSIGN_OR_RETURN(std::vector<std::string> of_tables,
                   InspectRouteTables(*links_, *routing_rules_, RoutingRulesFor(spec_), WantedRoutes(links)));
  for (std::string& what : of_tables) note(std::move(what));
  RETURN_IF_ERROR(InspectPorts(links, damages));
  ASSIGN_OR_RETURN(std::vector<std::string> of_shaping, InspectShaping(links));
  for (std::string& what : of_shaping) note(std::move(what));
  ASSIGN_OR_RETURN(std::vector<std::string> of_ipv6, InspectIpv6(*ipv6_, *ipv6_rules_, spec_, rules_.ports, links));
  for (std::string& what : of_ipv6) note(std::move(what));
  if (!dnsmasq_.Serves()) note("its dnsmasq is gone");
  return damages;
}

absl::Status VpcNetwork::InspectPorts(const std::vector<Link>& links, std::vector<Damage>& damages) {
  ASSIGN_OR_RETURN(const std::vector<Route> routes, links_->Routes());
  const auto has = [&](const Route& route) { return std::find(routes.begin(), routes.end(), route) != routes.end(); };
  std::map<std::string, const Link*> by_name;
  for (const Link& link : links) by_name[link.name] = &link;
  const auto note = [&](std::string what, bool repairable = true) {
    damages.push_back({.vpc = id_, .what = std::move(what), .repairable = repairable});
  };
  if (const auto uplink = by_name.find(kUplinkLink); uplink != by_name.end()) {
    for (const Route& route : RouterRoutes(spec_, uplink->second->index, uplink_addresses_)) {
      if (!has(route)) note(absl::StrCat("the route to ", route.destination.text(), " is gone"));
    }
  }
  std::map<Ipv4, int> ports_by_address;
  for (const Route& route : routes) ports_by_address[route.destination.base] = route.link;
  for (const auto& [tap, port] : rules_.ports) {
    const auto link = by_name.find(tap);
    if (link == by_name.end() || !link->second->up) {
      note(absl::StrCat("the tap ", tap, link == by_name.end() ? " is gone" : " is down"));
      continue;
    }
    for (const PortAddress& address : port.addresses()) {
      const auto route = ports_by_address.find(address.private_ip);
      if (route != ports_by_address.end() && route->second == link->second->index) continue;
      note(absl::StrCat("the route to ", address.private_ip.text(), " is gone"));
    }
    ASSIGN_OR_RETURN(const std::string answers, ReadSysctl(absl::StrCat("ipv4/conf/", tap, "/proxy_arp")));
    if (answers != "1" && !port.ipv6_native()) note(absl::StrCat("the router does not answer ARP on tap ", tap));
  }
  for (const std::string& tap : lost_taps_) {
    note(absl::StrCat("the tap ", tap,
                      " was deleted under its guest, which has no network until it is stopped and started"),
         /*repairable=*/false);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
