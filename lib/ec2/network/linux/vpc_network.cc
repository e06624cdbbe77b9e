#include "lib/ec2/network/linux/vpc_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/high_fd.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/router_links.h"
#include "lib/ec2/network/model/link_services.h"
#include "lib/ec2/network/router_addresses.h"

namespace brume::network {

absl::StatusOr<std::unique_ptr<VpcNetwork>> VpcNetwork::Open(const VpcId& id, HostNetwork& host,
                                                             VpcNetworkOptions options, bool create) {
  std::unique_ptr<VpcNetwork> network(new VpcNetwork(id, host, std::move(options)));
  ASSIGN_OR_RETURN(network->thread_, NamespaceThread::Start(
                                         absl::StrCat("net-", id.text().substr(4)),
                                         [&] { return network->Enter(create); }, WhenIdle::kEnds));
  return network;
}

absl::Status VpcNetwork::Enter(bool create) {
  const std::string path = NamespacePath(id_);
  absl::StatusOr<UniqueFd> present = OpenNamespace(path);
  if (present.ok()) {
    RETURN_IF_ERROR(EnterNamespace(present->get()));
    namespace_ = *std::move(present);
  } else if (absl::IsNotFound(present.status()) && create) {
    RETURN_IF_ERROR(EnterNewNamespace(path));
    ASSIGN_OR_RETURN(namespace_, CurrentNamespace());
  } else {
    return present.status();
  }
  ASSIGN_OR_RETURN(Rtnetlink links, Rtnetlink::Open());
  ASSIGN_OR_RETURN(TrafficControl control, TrafficControl::Open());
  ASSIGN_OR_RETURN(RoutingRules routing_rules, RoutingRules::Open(AF_INET));
  ASSIGN_OR_RETURN(Ipv6Netlink ipv6, Ipv6Netlink::Open());
  ASSIGN_OR_RETURN(RoutingRules ipv6_rules, RoutingRules::Open(AF_INET6));
  ASSIGN_OR_RETURN(Nft nft, Nft::Open());
  ASSIGN_OR_RETURN(Conntrack conntrack, Conntrack::Open());
  links_.emplace(std::move(links));
  control_.emplace(std::move(control));
  routing_rules_.emplace(std::move(routing_rules));
  ipv6_.emplace(std::move(ipv6));
  ipv6_rules_.emplace(std::move(ipv6_rules));
  nft_.emplace(std::move(nft));
  conntrack_.emplace(std::move(conntrack));
  return absl::OkStatus();
}

absl::Status VpcNetwork::WatchChanges(ChangeWatch& watch) {
  return OnThread([&] { return watch.Add(id_); });
}
absl::Status VpcNetwork::Sync(const VpcSpec& spec) {
  return OnThread([&] { return DoSync(spec); });
}
absl::Status VpcNetwork::ApplyGroup(const GroupSpec& spec) {
  return OnThread([&] { return DoApplyGroup(spec); });
}
absl::Status VpcNetwork::ApplyMembers(const GroupMembers& members) {
  return OnThread([&] { return DoApplyMembers(members); });
}
absl::Status VpcNetwork::RemoveGroup(const SecurityGroupId& group) {
  return OnThread([&] { return DoRemoveGroup(group); });
}
absl::Status VpcNetwork::ApplyPrefixList(const PrefixListSpec& spec) {
  return OnThread([&] { return DoApplyPrefixList(spec); });
}
absl::StatusOr<std::vector<PublicName>> VpcNetwork::PublicNames() {
  return OnThread([&] { return DoPublicNames(); });
}
absl::Status VpcNetwork::SetPeerNames(const std::vector<PublicName>& names) {
  return OnThread([&] { return DoSetPeerNames(names); });
}
absl::Status VpcNetwork::Plug(const PortSpec& spec) {
  return OnThread([&] { return DoPlug(spec); });
}
absl::Status VpcNetwork::Unplug(const NetworkInterface& eni) {
  return OnThread([&] { return DoUnplug(eni); });
}
absl::Status VpcNetwork::Remove(bool with_taps) {
  return OnThread([&] { return DoRemove(with_taps); });
}

absl::Status VpcNetwork::NeedSync() const {
  if (synced_) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(id_.text(), " was not synchronised since the start"));
}

absl::Status VpcNetwork::DoSync(const VpcSpec& spec) {
  // Somebody may have removed the name; the namespace itself lives as long as what is open in it.
  RETURN_IF_ERROR(NameNamespace(NamespacePath(id_)));
  RETURN_IF_ERROR(EnsureRouter(*links_, spec));
  ASSIGN_OR_RETURN(std::optional<Link> uplink, links_->FindLink(kUplinkLink));
  ASSIGN_OR_RETURN(const UplinkAddresses addresses, host_.Connect(id_, namespace_.get(), uplink.has_value()));
  if (!uplink.has_value()) {
    ASSIGN_OR_RETURN(uplink, links_->FindLink(kUplinkLink));
  }
  if (!uplink.has_value()) return absl::InternalError(absl::StrCat(id_.text(), " has no uplink"));
  RETURN_IF_ERROR(EnsureUplink(*links_, uplink->index, addresses));
  spec_ = spec;
  rules_of_subnets_.clear();
  for (const AclSpec& acl : spec.acls) {
    for (const Subnet& subnet : spec.subnets) {
      const bool has_it = std::find(acl.subnets.begin(), acl.subnets.end(), subnet.id) != acl.subnets.end();
      if (!has_it || AllowsEverything(acl.entries) || subnet.ipv6_native()) continue;
      rules_of_subnets_[subnet.id] = SubnetRulesOf(*subnet.cidr, acl.entries);
      rules_of_subnets_[subnet.id].ipv6 = spec.ipv6.on();
    }
  }
  unchecked_taps_.clear();
  for (const PortSpec& port : spec.ports) {
    if (!port.eni.source_dest_check) unchecked_taps_.insert(TapName(port.eni.id));
  }
  spec_.groups.clear();
  spec_.ports.clear();
  uplink_addresses_ = addresses;
  RETURN_IF_ERROR(SyncPeerings());
  // Before the rules, which mark packets of ports for these tables.
  RETURN_IF_ERROR(SyncRouteTables());
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  RETURN_IF_ERROR(SyncPorts(spec, links));
  // Again, as it may have brought a port up that routes for others.
  RETURN_IF_ERROR(SyncRouteTables());
  RETURN_IF_ERROR(SyncIpv6());
  RETURN_IF_ERROR(FlushForeignConnections(spec.ranges));
  // An address that went from one port to another.
  RETURN_IF_ERROR(FlushConnections());

  // What a NAT gateway began ends with it.
  std::set<Ipv4> public_addresses;
  for (const NatSpec& nat : spec.nats) {
    const std::vector<Ipv4> own = PublicAddressesOf(nat, spec.has_gateway);
    public_addresses.insert(own.begin(), own.end());
  }
  for (const Ipv4 address : nat_addresses_) {
    if (!public_addresses.contains(address)) former_public_addresses_.insert(address);
  }
  nat_addresses_ = public_addresses;
  RETURN_IF_ERROR(FlushConnections());
  for (const auto& [tap, port] : rules_.ports) {
    for (const PortAddress& address : port.addresses()) {
      if (address.public_ip.has_value()) public_addresses.insert(*address.public_ip);
    }
  }
  RETURN_IF_ERROR(host_.SetPublicAddresses(id_, public_addresses));
  RETURN_IF_ERROR(dnsmasq_.Apply({.vpc = spec.vpc,
                                  .subnets = spec.subnets,
                                  .domain = spec.domain,
                                  .public_domain = spec.public_domain,
                                  .public_pool = options_.public_pool,
                                  .tag_domain = spec.tag_domain,
                                  .reverse_names = spec.reverse_names,
                                  .upstream = options_.dns_upstream,
                                  .user = "",
                                  .ipv6_lease_seconds = spec.dhcp.ipv6_seconds},
                                 spec.dhcp, {hosts_, peer_names_}));
  synced_ = true;
  return absl::OkStatus();
}

absl::Status VpcNetwork::SyncPorts(const VpcSpec& spec, const std::vector<Link>& links) {
  std::map<std::string, int> present;
  for (const Link& link : links) present[link.name] = link.index;
  Ruleset wanted{.max_connections = options_.max_connections,
                 .resolvers = ResolverAddresses(spec),
                 .groups = {},
                 .ports = {},
                 .subnets = rules_of_subnets_,
                 .nats = {},
                 .endpoints = {},
                 .peerings = {},
                 .prefix_lists = {},
                 .translates = rules_.translates || !spec.nats.empty(),
                 .ipv6 = Ipv6RulesFor(spec)};
  for (const NatSpec& nat : spec.nats) {
    wanted.nats.push_back({.number = nat.number,
                           .private_ips = PrivateAddressesOf(nat),
                           .public_ips = PublicAddressesOf(nat, spec.has_gateway),
                           .filtered_subnet = rules_of_subnets_.contains(nat.subnet) ? nat.subnet : SubnetId()});
  }
  HostEntries hosts;
  for (const EndpointSpec& endpoint : spec.endpoints) {
    wanted.endpoints.push_back(
        {.private_ip = endpoint.private_ip,
         .ipv6 = endpoint.ipv6,
         .groups = endpoint.groups,
         .subnet = endpoint.subnet,
         .filtered_subnet = rules_of_subnets_.contains(endpoint.subnet) ? endpoint.subnet : SubnetId()});
    HostEntry host{.mac = "",
                   .name = "",
                   .public_name = "",
                   .ipv6 = endpoint.ipv6,
                   .ipv6_name = "",
                   .whole_names = endpoint.names};
    if (endpoint.private_ip.has_value()) {
      host.name = PrivateHostname(*endpoint.private_ip);
      hosts[*endpoint.private_ip] = std::move(host);
    } else if (endpoint.ipv6.has_value()) {
      hosts[*endpoint.ipv6] = std::move(host);
    }
  }
  for (const PeeringSpec& peering : spec.peerings) {
    wanted.peerings.push_back({.link = PeeringLinkName(peering.id), .ranges = peering.ranges});
  }
  for (const GroupSpec& group : spec.groups) {
    wanted.groups[group.group.id] = GroupRulesOf(group.rules, group.members);
    wanted.groups[group.group.id].ipv6 = Ipv6GroupRulesOf(group.ipv6_rules, group.ipv6_members);
    for (const PrefixListSpec& list : group.prefix_lists) wanted.prefix_lists[list.id] = IntervalsOf(list.ranges);
    for (const PrefixListId& id : wanted.groups[group.group.id].prefix_lists) wanted.prefix_lists.try_emplace(id);
  }
  for (const PortSpec& port : spec.ports) {
    ASSIGN_OR_RETURN(PortRules rules, RulesOf(port));
    // Elsewhere or nowhere: PlugPort brings it. A tap still in the host's namespace is waiting to be opened there.
    const auto tap = present.find(rules.tap);
    if (tap == present.end()) continue;
    rules.link = tap->second;
    wanted.translates |= HasPublicAddress(rules);
    hosts.merge(HostEntriesOf(port, rules));
    wanted.ports[rules.tap] = std::move(rules);
  }
  for (const auto& [tap, port] : wanted.ports) {
    // So that RemoveGroup and membership see the groups that only ports name.
    for (const SecurityGroupId& group : port.groups) wanted.groups.try_emplace(group);
  }
  for (const EndpointRules& endpoint : wanted.endpoints) {
    for (const SecurityGroupId& group : endpoint.groups) wanted.groups.try_emplace(group);
  }
  RETURN_IF_ERROR(ReplaceRules(wanted, spec.flow_logs));
  NoteFlowPorts(wanted.ports, spec.flow_logs);
  std::set<std::string> lost;
  for (const PortSpec& port : spec.ports) {
    const std::string tap = TapName(port.eni.id);
    const bool was_here = rules_.ports.contains(tap) || lost_taps_.contains(tap);
    if (was_here && !present.contains(tap)) lost.insert(tap);
  }
  lost_taps_ = std::move(lost);
  const std::map<std::string, PortRules> before = std::exchange(rules_, std::move(wanted)).ports;
  hosts_ = std::move(hosts);
  for (const auto& [tap, port] : before) {
    NoteFormer(port);
    const auto now = rules_.ports.find(tap);
    NoteIpv6(&port, now == rules_.ports.end() ? nullptr : &now->second);
  }
  return SyncTaps(links);
}

absl::Status VpcNetwork::ReplaceRules(const Ruleset& wanted, bool flow_logs) {
  ASSIGN_OR_RETURN(const std::string timeouts, ChangeTimeouts(TimeoutsOf(wanted.ports)));
  ASSIGN_OR_RETURN(const std::string flows, SyncFlows(wanted.ports, flow_logs));
  std::string ipv6 = wanted.ipv6.on || ipv6_stands_ ? WholeIpv6Ruleset(wanted) : "";
  ASSIGN_OR_RETURN(const bool changed, nft_->ChangedByOthers());
  // Most of what a VPC is synchronised for, routes above all, is no change of its rules.
  const bool stand = synced_ && !changed && wanted == rules_ && ipv6 == ipv6_text_;
  if (stand) return nft_->Run(timeouts + flows);
  RETURN_IF_ERROR(nft_->Replace(absl::StrCat(WholeRuleset(wanted), ipv6, timeouts, flows)));
  ipv6_text_ = std::move(ipv6);
  return absl::OkStatus();
}

absl::StatusOr<std::string> VpcNetwork::ChangeTimeouts(const PortTimeouts& after) {
  ASSIGN_OR_RETURN(const bool changed, nft_->ChangedByOthers());
  if (synced_ && !changed) return ChangeTimeoutsText(TimeoutsOf(rules_.ports), after);
  ASSIGN_OR_RETURN(const std::vector<std::string> standing, nft_->ObjectsOf(kTimeoutTable));
  return ReplaceTimeoutsText(standing, after);
}

absl::StatusOr<PortRules> VpcNetwork::RulesOf(const PortSpec& port) const {
  const SubnetId& subnet = port.eni.subnet_id;
  const auto known = [&](const Subnet& each) { return each.id == subnet; };
  const RouteTableSpec* table = RouteTableOf(subnet, spec_.tables);
  if (table == nullptr || std::none_of(spec_.subnets.begin(), spec_.subnets.end(), known)) {
    return absl::UnavailableError(absl::StrCat(id_.text(), " does not have ", subnet.text(), " on the host yet"));
  }
  PortRules rules = PortRulesOf(port.eni, table->number);
  rules.log_flows = port.flow_logging != FlowLogging::kNone;
  rules.log_rejected = port.flow_logging == FlowLogging::kAll;
  rules.bandwidth_mbit = port.shape.bandwidth_mbit;
  if (rules_of_subnets_.contains(subnet)) rules.filtered_subnet = subnet;
  if (!spec_.has_gateway) {
    rules.public_ip.reset();
    for (PortAddress& address : rules.secondary) address.public_ip.reset();
  }
  return rules;
}

std::vector<Route> VpcNetwork::WantedRoutes(const std::vector<Link>& links) const {
  RouteWays ways{.uplink = 0, .addresses = uplink_addresses_, .taps = {}, .peerings = {}};
  for (const Link& link : links) {
    if (link.name == kUplinkLink) ways.uplink = link.index;
    // The kernel takes no route over a link that is down.
    // A port that is checked gets what is addressed to it, and nothing that a route leads there.
    if (link.up && unchecked_taps_.contains(link.name)) ways.taps[link.name] = link.index;
    if (IsPeeringLinkName(link.name) && link.up) ways.peerings[link.name] = link.index;
  }
  return KernelRoutes(spec_.tables, spec_.ranges, ways);
}

absl::Status VpcNetwork::SyncRouteTables() {
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  return EnsureRouteTables(*links_, *routing_rules_, RoutingRulesFor(spec_), WantedRoutes(links));
}

absl::Status VpcNetwork::SyncPeerings() {
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  std::map<std::string, const PeeringSpec*> wanted;
  for (const PeeringSpec& peering : spec_.peerings) wanted[PeeringLinkName(peering.id)] = &peering;
  for (const Link& link : links) {
    if (IsPeeringLinkName(link.name) && !wanted.contains(link.name)) {
      RETURN_IF_ERROR(links_->DeleteLink(link.index));
    }
  }
  for (const auto& [name, peering] : wanted) {
    const auto here = std::find_if(links.begin(), links.end(), [&](const Link& each) { return each.name == name; });
    if (here == links.end()) {
      const absl::StatusOr<UniqueFd> other = OpenNamespace(NamespacePath(peering->other));
      // Not made yet: its own Sync makes the link then.
      if (absl::IsNotFound(other.status())) continue;
      RETURN_IF_ERROR(other.status());
      const absl::Status made = links_->AddVeth(name, name, other->get());
      // The peer may have made it meanwhile.
      if (!absl::IsAlreadyExists(made)) RETURN_IF_ERROR(made);
    }
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
    if (!link.has_value()) return absl::InternalError(absl::StrCat("link ", name, " is missing"));
    // Both ends have one MAC, so neither has to ask for the other's.
    if (!link->up || link->mac != kPeeringMac) RETURN_IF_ERROR(links_->SetLink(link->index, /*up=*/true, kPeeringMac));
    RETURN_IF_ERROR(links_->SetNeighbour(link->index, kPeeringGateway, kPeeringMac));
  }
  return absl::OkStatus();
}

bool VpcNetwork::IsRouter(const std::string& tap) const {
  for (const RouteTableSpec& table : spec_.tables) {
    for (const RouteSpec& route : table.routes) {
      if (route.tap == tap) return true;
    }
  }
  return false;
}

absl::Status VpcNetwork::SyncTaps(const std::vector<Link>& links) {
  ASSIGN_OR_RETURN(const std::vector<Route> routes, links_->Routes());
  std::map<int, std::vector<Route>> routes_by_link;
  for (const Route& route : routes) routes_by_link[route.link].push_back(route);
  for (const Link& link : links) {
    if (!IsTapName(link.name)) continue;
    const auto port = rules_.ports.find(link.name);
    if (port == rules_.ports.end()) {
      // Not known, so not destroyed; but nothing passes it.
      log::Warn("tap {} in {} belongs to no known network interface; it is switched off", link.name, id_.text());
      if (link.up) RETURN_IF_ERROR(links_->SetLink(link.index, /*up=*/false, ""));
      continue;
    }
    std::set<Ipv4> standing;
    for (const Route& route : routes_by_link[link.index]) {
      const Ipv4 address = route.destination.base;
      if (route == TapRoute(link, address) && port->second.has(address)) {
        if (link.up) standing.insert(address);
      } else {
        RETURN_IF_ERROR(links_->DeleteRoute(route));
      }
    }
    RETURN_IF_ERROR(EnsureTap(*links_, link, port->second, standing));
  }
  return SyncShaping(links);
}

absl::StatusOr<std::vector<Damage>> VpcNetwork::Inspect() {
  return OnThread([&] { return DoInspect(); });
}

absl::StatusOr<std::vector<std::string>> VpcNetwork::Taps() {
  return OnThread([&]() -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
    std::vector<std::string> taps;
    for (const Link& link : links) {
      if (IsTapName(link.name)) taps.push_back(link.name);
    }
    return taps;
  });
}

absl::StatusOr<std::vector<PortCounters>> VpcNetwork::Counters() {
  return OnThread([&]() -> absl::StatusOr<std::vector<PortCounters>> {
    ASSIGN_OR_RETURN(const std::vector<LinkCounters> links, links_->Counters());
    std::vector<PortCounters> ports;
    for (const LinkCounters& link : links) {
      if (!IsTapName(link.name)) continue;
      // What the host sends into the tap is what the guest receives.
      ports.push_back({.tap = link.name,
                       .bytes_in = link.sent_bytes,
                       .bytes_out = link.received_bytes,
                       .packets_in = link.sent_packets,
                       .packets_out = link.received_packets});
    }
    return ports;
  });
}

absl::StatusOr<bool> VpcNetwork::HasTap(const std::string& name) {
  return OnThread([&]() -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
    return link.has_value();
  });
}

absl::StatusOr<std::optional<VpcNetwork::Probe>> VpcNetwork::OpenProbe(const NetworkInterface& eni) {
  return OnThread([&]() -> absl::StatusOr<std::optional<Probe>> {
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(TapName(eni.id)));
    if (!link.has_value()) return std::optional<Probe>();
    if (eni.ipv6_native() && eni.ipv6.empty()) return std::optional<Probe>();
    Probe probe;
    if (eni.ipv6_native()) {
      probe.question = NeighbourQuestion(link->index, link->mac, eni.ipv6.front());
    } else {
      Ipv4 sender = kMetadataAddress;
      for (const Subnet& subnet : spec_.subnets) {
        const bool of_it = subnet.cidr.has_value() && subnet.cidr->Contains(*eni.private_ip);
        if (of_it) sender = RouterAddress(*subnet.cidr);
      }
      probe.question = ArpQuestion(link->index, link->mac, sender, *eni.private_ip);
    }
    ASSIGN_OR_RETURN(probe.socket, OpenProbeSocket(probe.question));
    return std::optional<Probe>(std::move(probe));
  });
}

absl::StatusOr<UniqueFd> VpcNetwork::Listen(Ipv4 address, uint16_t port) {
  return OnThread([&]() -> absl::StatusOr<UniqueFd> {
    UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    sockaddr_in where = {};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(address.value);
    if (!listener || setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0 ||
        listen(listener.get(), SOMAXCONN) != 0) {
      return absl::ErrnoToStatus(errno,
                                 absl::StrCat("cannot listen at ", address.text(), ":", port, " in ", id_.text()));
    }
    return MoveHigh(std::move(listener));
  });
}

absl::Status VpcNetwork::DoRemove(bool with_taps) {
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  for (const Link& link : links) {
    if (!IsTapName(link.name)) continue;
    if (!with_taps) {
      return absl::FailedPreconditionError(absl::StrCat("tap ", link.name, " is still in ", id_.text()));
    }
    RETURN_IF_ERROR(links_->DeleteLink(link.index));
  }
  RETURN_IF_ERROR(dnsmasq_.Stop());
  RETURN_IF_ERROR(host_.Disconnect(id_));
  RETURN_IF_ERROR(RemoveNamespace(NamespacePath(id_)));
  removed_ = true;
  return absl::OkStatus();
}

}  // namespace brume::network
