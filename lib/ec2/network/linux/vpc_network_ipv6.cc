// A VPC's IPv6. Part of VpcNetwork, in a file of its own.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/high_fd.h"
#include "lib/ec2/network/linux/ipv6_links.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {

Ipv6Rules VpcNetwork::Ipv6RulesFor(const VpcSpec& spec) const {
  Ipv6Rules rules;
  rules.on = spec.ipv6.on();
  if (!rules.on) return rules;
  rules.resolver = spec.vpc.attributes.dns_support;
  rules.ranges = spec.ipv6.ranges;
  for (const auto& [table, routes] : spec.ipv6.routes) {
    Ipv6Intervals reachable = ReachableByGateway(routes);
    if (!reachable.empty()) rules.internet[table] = std::move(reachable);
  }
  for (const AclSpec& acl : spec.acls) {
    if (AllowsEverything(acl.entries, /*ipv6=*/true)) continue;
    for (const Subnet& subnet : spec.subnets) {
      const bool has_it = std::find(acl.subnets.begin(), acl.subnets.end(), subnet.id) != acl.subnets.end();
      if (!has_it || !subnet.cidr_ipv6.has_value()) continue;
      rules.subnets[subnet.id] = Ipv6SubnetRulesOf(*subnet.cidr_ipv6, acl.entries);
    }
  }
  for (const auto& [peering, ranges] : spec.ipv6.peers) rules.peerings[PeeringLinkName(peering)] = ranges;
  for (const GroupSpec& group : spec.groups) {
    for (const PrefixListSpec& list : group.prefix_lists) {
      rules.prefix_lists[list.id] = Ipv6IntervalsOf(list.ipv6_ranges);
    }
  }
  return rules;
}

absl::Status VpcNetwork::SyncIpv6() {
  if (!spec_.ipv6.on() && !ipv6_stands_) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<Link> links, links_->Links());
  const auto uplink =
      std::find_if(links.begin(), links.end(), [](const Link& link) { return link.name == kUplinkLink; });
  if (uplink == links.end()) return absl::InternalError(absl::StrCat(id_.text(), " has no uplink"));
  const Ipv6Attachment attachment{.ranges = spec_.ipv6.has_way_out ? spec_.ipv6.ranges : std::vector<CidrIpv6>(),
                                  .pool = spec_.ipv6.pool,
                                  .vpc_mac = uplink->mac};
  ASSIGN_OR_RETURN(const std::string host_mac, host_.ConnectIpv6(id_, attachment));
  RETURN_IF_ERROR(EnsureIpv6Router(*links_, *ipv6_, spec_, host_mac));
  for (const Link& link : links) {
    const auto port = rules_.ports.find(link.name);
    if (!spec_.ipv6.on() || !link.up) continue;
    if (port != rules_.ports.end()) RETURN_IF_ERROR(EnsureIpv6Tap(*ipv6_, link, port->second));
    if (rules_.ipv6.peerings.contains(link.name)) RETURN_IF_ERROR(EnsureIpv6Peering(*ipv6_, link));
  }
  RETURN_IF_ERROR(SyncIpv6Routes());
  // Of ports that an earlier brumed knew.
  std::set<Ipv6> known;
  for (const auto& [tap, port] : rules_.ports) known.insert(port.ipv6.begin(), port.ipv6.end());
  for (const EndpointRules& endpoint : rules_.endpoints) {
    if (endpoint.ipv6.has_value()) known.insert(*endpoint.ipv6);
  }
  ipv6_stands_ = spec_.ipv6.on();
  if (!ipv6_stands_) return absl::OkStatus();
  const auto foreign = [&](const Ipv6& address) {
    return !known.contains(address) && std::any_of(spec_.ipv6.ranges.begin(), spec_.ipv6.ranges.end(),
                                                   [&](const CidrIpv6& range) { return range.Contains(address); });
  };
  return conntrack_->EvictIpv6([&](const Ipv6TrackedConnection& connection) {
    return foreign(connection.source) || foreign(connection.answer_source);
  });
}

absl::Status VpcNetwork::SyncIpv6Rules() {
  if (!rules_.ipv6.on) return absl::OkStatus();
  std::string text = WholeIpv6Ruleset(rules_);
  if (text == ipv6_text_) return absl::OkStatus();
  ipv6_text_.clear();
  RETURN_IF_ERROR(nft_->Run(text));
  ipv6_text_ = std::move(text);
  return absl::OkStatus();
}

absl::Status VpcNetwork::SyncIpv6Routes() {
  if (!spec_.ipv6.on() && !ipv6_stands_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  return EnsureIpv6Routes(*ipv6_, *ipv6_rules_, spec_, Ipv6Routes(spec_, rules_.ports, links));
}

absl::Status VpcNetwork::PlugIpv6(const Link& tap, const PortRules& port) {
  if (!spec_.ipv6.on()) return absl::OkStatus();
  RETURN_IF_ERROR(EnsureIpv6Tap(*ipv6_, tap, port));
  return SyncIpv6Routes();
}

void VpcNetwork::NoteIpv6(const PortRules* before, const PortRules* after) {
  const std::vector<Ipv6> none;
  const std::vector<Ipv6>& now = after == nullptr ? none : after->ipv6;
  for (const Ipv6& address : before == nullptr ? none : before->ipv6) {
    if (std::find(now.begin(), now.end(), address) == now.end()) former_ipv6_.insert(address);
  }
  // A port is a member of its groups by being in them; what is specified of the group beside that is of ports
  // elsewhere.
  if (before == nullptr) return;
  for (const SecurityGroupId& group : before->groups) {
    const auto found = rules_.groups.find(group);
    if (found == rules_.groups.end()) continue;
    for (const Ipv6& address : before->ipv6) found->second.ipv6.members.erase(address);
  }
}

absl::Status VpcNetwork::FlushIpv6Connections() {
  if (former_ipv6_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(conntrack_->EvictIpv6([&](const Ipv6TrackedConnection& connection) {
    return former_ipv6_.contains(connection.source) || former_ipv6_.contains(connection.answer_source);
  }));
  former_ipv6_.clear();
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> VpcNetwork::Listen(const Ipv6& address, uint16_t port) {
  return OnThread([&]() -> absl::StatusOr<UniqueFd> {
    UniqueFd listener(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    sockaddr_in6 where = {};
    where.sin6_family = AF_INET6;
    where.sin6_port = htons(port);
    std::copy(address.bytes.begin(), address.bytes.end(), where.sin6_addr.s6_addr);
    if (!listener || setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0 ||
        listen(listener.get(), SOMAXCONN) != 0) {
      return absl::ErrnoToStatus(errno,
                                 absl::StrCat("cannot listen at [", address.text(), "]:", port, " in ", id_.text()));
    }
    return MoveHigh(std::move(listener));
  });
}

}  // namespace brume::network
