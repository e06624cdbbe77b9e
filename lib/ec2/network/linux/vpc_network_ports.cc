// Plugging and unplugging: the part of VpcNetwork that a guest's start and end run through.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/router_links.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {
namespace {

struct Membership {
  SecurityGroupId group;
  Ipv4 address;
  friend auto operator<=>(const Membership&, const Membership&) = default;
};

std::set<Membership> MembershipsOf(const PortRules* port) {
  std::set<Membership> memberships;
  if (port == nullptr) return memberships;
  for (const SecurityGroupId& group : port->groups) {
    for (const PortAddress& address : port->addresses()) memberships.insert({group, address.private_ip});
  }
  return memberships;
}

// What the port is known to the resolver by; unset where it has no address.
using HostKey = HostEntries::key_type;
std::optional<HostKey> KeyOf(const PortRules& port) {
  if (port.private_ip.has_value()) return *port.private_ip;
  if (port.ipv6.empty()) return std::nullopt;
  return port.ipv6.front();
}

}  // namespace

absl::StatusOr<Link> VpcNetwork::BringTap(const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<Link> link, links_->FindLink(name));
  if (link.has_value()) return *std::move(link);
  ASSIGN_OR_RETURN(const bool moved, host_.MoveTap(name, namespace_.get()));
  if (moved) {
    ASSIGN_OR_RETURN(link, links_->FindLink(name));
  }
  if (!link.has_value()) return absl::NotFoundError(absl::StrCat("tap ", name, " is not on this host"));
  return *std::move(link);
}

absl::Status VpcNetwork::CheckFree(const PortRules& port) const {
  for (const auto& [tap, other] : rules_.ports) {
    if (tap == port.tap) continue;
    for (const Ipv6& address : port.ipv6) {
      if (std::find(other.ipv6.begin(), other.ipv6.end(), address) == other.ipv6.end()) continue;
      return absl::FailedPreconditionError(absl::StrCat(address.text(), " is still held by tap ", tap));
    }
    for (const PortAddress& address : port.addresses()) {
      if (!other.has(address.private_ip)) continue;
      return absl::FailedPreconditionError(absl::StrCat(address.private_ip.text(), " is still held by tap ", tap));
    }
  }
  return absl::OkStatus();
}

HostEntries VpcNetwork::HostEntriesOf(const PortSpec& spec, const PortRules& rules) {
  HostEntries hosts;
  const std::optional<HostKey> key = KeyOf(rules);
  if (!key.has_value()) return hosts;
  HostEntry& first = hosts[*key];
  first = {.mac = rules.mac,
           .name = spec.hostname,
           .public_name = spec.public_hostname,
           .other_name = spec.other_hostname,
           .tag_name = spec.tag_hostname};
  if (!rules.ipv6.empty()) first.ipv6 = rules.ipv6.front();
  first.ipv6_name = spec.ipv6_hostname;
  for (const PortAddress& address : rules.secondary) {
    const auto public_name = spec.secondary_public_hostnames.find(address.private_ip);
    // DHCP gives a port its first address alone, as EC2's does.
    hosts[address.private_ip] = {
        .mac = "",
        .name = PrivateHostname(address.private_ip),
        .public_name = public_name == spec.secondary_public_hostnames.end() ? "" : public_name->second};
  }
  return hosts;
}

absl::StatusOr<std::vector<PublicName>> VpcNetwork::DoPublicNames() const {
  RETURN_IF_ERROR(NeedSync());
  std::vector<PublicName> names;
  for (const auto& [address, host] : hosts_) {
    const Ipv4* ipv4 = std::get_if<Ipv4>(&address);
    if (ipv4 != nullptr && !host.public_name.empty()) names.push_back({*ipv4, host.public_name});
  }
  return names;
}

absl::Status VpcNetwork::DoSetPeerNames(const std::vector<PublicName>& names) {
  RETURN_IF_ERROR(NeedSync());
  if (peer_names_ == names) return absl::OkStatus();
  peer_names_ = names;
  return dnsmasq_.SetNames({hosts_, peer_names_});
}

absl::Status VpcNetwork::DoPlug(const PortSpec& spec) {
  RETURN_IF_ERROR(NeedSync());
  ASSIGN_OR_RETURN(PortRules after, RulesOf(spec));
  RETURN_IF_ERROR(CheckFree(after));
  RETURN_IF_ERROR(FlushConnections());
  ASSIGN_OR_RETURN(const Link tap, BringTap(after.tap));
  after.link = tap.index;
  lost_taps_.erase(after.tap);
  std::optional<PortRules> before;
  if (const auto found = rules_.ports.find(after.tap); found != rules_.ports.end()) before = found->second;
  RETURN_IF_ERROR(ChangePortRules(after.tap, &after));
  if (before.has_value()) RETURN_IF_ERROR(DropOldAddresses(*before, &after));
  RETURN_IF_ERROR(ChangeShaping(tap, before.has_value() ? &*before : nullptr, after));
  RETURN_IF_ERROR(EnsureTap(*links_, tap, after, /*standing=*/{}));
  unchecked_taps_.erase(after.tap);
  if (!after.source_dest_check) unchecked_taps_.insert(after.tap);
  RETURN_IF_ERROR(PlugIpv6(tap, after));
  if (IsRouter(after.tap)) RETURN_IF_ERROR(SyncRouteTables());
  for (const PortAddress& former : before.has_value() ? before->addresses() : std::vector<PortAddress>()) {
    if (!after.has(former.private_ip)) RETURN_IF_ERROR(links_->DeleteRoute(TapRoute(tap, former.private_ip)));
  }
  HostEntries own = HostEntriesOf(spec, after);
  // A public name moves with its address.
  std::set<std::string> public_names;
  for (const auto& [address, entry] : own) public_names.insert(entry.public_name);
  for (auto& [address, host] : hosts_) {
    if (public_names.contains(host.public_name)) host.public_name.clear();
  }
  for (auto& [address, entry] : own) hosts_[address] = std::move(entry);
  RETURN_IF_ERROR(dnsmasq_.SetNames({hosts_, peer_names_}));
  for (const PortAddress& address : after.addresses()) {
    if (address.public_ip.has_value()) RETURN_IF_ERROR(host_.AddPublicAddress(id_, *address.public_ip));
  }
  // An address that moved: its old connections end before the caller hears that it has moved.
  return FlushConnections();
}

absl::Status VpcNetwork::ChangePortRules(const std::string& tap, const PortRules* after) {
  const auto found = rules_.ports.find(tap);
  const PortRules* before = found == rules_.ports.end() ? nullptr : &found->second;
  std::string text;
  // A public address moves in one step: it is taken from the port that still has it.
  std::vector<PortRules> previous_owners;
  std::vector<Ipv4> moved;
  for (const PortAddress& address : after == nullptr ? std::vector<PortAddress>() : after->addresses()) {
    if (address.public_ip.has_value()) moved.push_back(*address.public_ip);
  }
  for (const auto& [other, port] : rules_.ports) {
    PortRules rest = port;
    for (const Ipv4 address : moved) rest.remove_public(address);
    if (other == tap || rest == port) continue;
    absl::StrAppend(&text, ChangePort(&port, &rest));
    previous_owners.push_back(std::move(rest));
  }
  absl::StrAppend(&text, ChangePort(before, after));
  const bool translates = rules_.translates || (after != nullptr && HasPublicAddress(*after));
  if (translates && !rules_.translates) absl::StrAppend(&text, NatChainsText());
  PortTimeouts timeouts = TimeoutsOf(rules_.ports);
  const PortTimeouts old_timeouts = timeouts;
  SetTimeouts(tap, after, timeouts);
  absl::StrAppend(&text, ChangeTimeoutsText(old_timeouts, timeouts));
  FlowPorts old_flows, flows;
  if (before != nullptr && before->log_flows) old_flows[tap] = before->log_rejected;
  if (after != nullptr && after->log_flows) flows[tap] = after->log_rejected;
  if (counts_flows_) absl::StrAppend(&text, ChangeFlowPorts(old_flows, flows));
  const auto is_member = [&](const Membership& membership) {
    const auto group = rules_.groups.find(membership.group);
    return group != rules_.groups.end() && group->second.members.contains(membership.address);
  };
  const std::set<Membership> old = MembershipsOf(before), fresh = MembershipsOf(after);
  std::vector<Membership> joins, leaves;
  for (const Membership& membership : old) {
    if (!fresh.contains(membership) && is_member(membership)) leaves.push_back(membership);
  }
  for (const Membership& membership : fresh) {
    if (!is_member(membership)) joins.push_back(membership);
  }
  for (const auto& [group, address] : leaves) absl::StrAppend(&text, RemoveMember(group, address));
  for (const auto& [group, address] : joins) absl::StrAppend(&text, AddMember(group, address));
  RETURN_IF_ERROR(nft_->Run(text));

  rules_.translates = translates;
  for (const auto& [group, address] : leaves) rules_.groups[group].members.erase(address);
  for (const auto& [group, address] : joins) rules_.groups[group].members.insert(address);
  for (PortRules& owner : previous_owners) {
    for (const Ipv4 address : moved) {
      if (rules_.ports[owner.tap].has_public(address)) FlushConnectionsSoon(std::nullopt, address);
    }
    rules_.ports[owner.tap] = std::move(owner);
  }
  if (after != nullptr && after->log_flows) counted_ports_[tap] = *after;
  const std::optional<PortRules> former = before == nullptr ? std::nullopt : std::optional(*before);
  if (after != nullptr) {
    rules_.ports[tap] = *after;
  } else {
    rules_.ports.erase(tap);
  }
  NoteIpv6(former.has_value() ? &*former : nullptr, after);
  return SyncIpv6Rules();
}

absl::Status VpcNetwork::DropOldAddresses(const PortRules& before, const PortRules* after) {
  const std::optional<HostKey> key = KeyOf(before);
  if (key.has_value() && (after == nullptr || KeyOf(*after) != key)) hosts_.erase(*key);
  for (const PortAddress& address : before.addresses()) {
    if (after == nullptr || !after->has(address.private_ip)) {
      hosts_.erase(address.private_ip);
      FlushConnectionsSoon(address.private_ip, std::nullopt);
    }
    if (!address.public_ip.has_value()) continue;
    const std::vector<PortAddress> now = after == nullptr ? std::vector<PortAddress>() : after->addresses();
    // One that leads to another address of the port now has connections that are to be flushed, too.
    if (std::find(now.begin(), now.end(), address) != now.end()) continue;
    if (after != nullptr) FlushConnectionsSoon(std::nullopt, address.public_ip);
    if (after != nullptr && after->has_public(*address.public_ip)) continue;
    RETURN_IF_ERROR(host_.RemovePublicAddress(id_, *address.public_ip));
  }
  return absl::OkStatus();
}

void VpcNetwork::FlushConnectionsSoon(std::optional<Ipv4> guest, std::optional<Ipv4> public_address) {
  if (guest.has_value()) former_guests_.insert(*guest);
  if (public_address.has_value()) former_public_addresses_.insert(*public_address);
  thread_->Post([this] {
    const absl::Status status = FlushConnections();
    // Kept for the next time; a port that takes one of the addresses waits for it.
    if (!status.ok()) log::Warn("{}: {}", id_.text(), status.ToString());
  });
}

void VpcNetwork::NoteFormer(const PortRules& port) {
  const auto found = rules_.ports.find(port.tap);
  const std::vector<PortAddress> now =
      found == rules_.ports.end() ? std::vector<PortAddress>() : found->second.addresses();
  for (const PortAddress& address : port.addresses()) {
    const bool stays = std::any_of(now.begin(), now.end(),
                                   [&](const PortAddress& each) { return each.private_ip == address.private_ip; });
    if (!stays) former_guests_.insert(address.private_ip);
    if (!address.public_ip.has_value() || std::find(now.begin(), now.end(), address) != now.end()) continue;
    former_public_addresses_.insert(*address.public_ip);
  }
}

absl::Status VpcNetwork::FlushForeignConnections(const std::vector<Cidr>& ranges) {
  std::set<Ipv4> known = rules_.resolvers;
  for (const EndpointRules& endpoint : rules_.endpoints) {
    if (endpoint.private_ip.has_value()) known.insert(*endpoint.private_ip);
  }
  for (const auto& [tap, port] : rules_.ports) {
    for (const PortAddress& address : port.addresses()) known.insert(address.private_ip);
  }
  const auto foreign = [&](Ipv4 address) {
    return !known.contains(address) &&
           std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return range.Contains(address); });
  };
  return conntrack_->Evict([&](const TrackedConnection& connection) {
    return foreign(connection.source) || foreign(connection.answer_source);
  });
}

absl::Status VpcNetwork::FlushConnections() {
  RETURN_IF_ERROR(FlushIpv6Connections());
  if (former_guests_.empty() && former_public_addresses_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(conntrack_->Evict([&](const TrackedConnection& connection) {
    return former_guests_.contains(connection.source) || former_guests_.contains(connection.answer_source) ||
           former_public_addresses_.contains(connection.target) ||
           former_public_addresses_.contains(connection.answer_target);
  }));
  former_guests_.clear();
  former_public_addresses_.clear();
  return absl::OkStatus();
}

absl::Status VpcNetwork::DoUnplug(const NetworkInterface& eni) {
  const std::string name = TapName(eni.id);
  const auto found = rules_.ports.find(name);
  // The link first: a packet on its way would bring back what is flushed below. The rules last, so that a call that
  // fails half way still knows its addresses when it is made again.
  ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
  if (link.has_value()) RETURN_IF_ERROR(links_->DeleteLink(link->index));
  ASSIGN_OR_RETURN(const std::optional<Link> shaper, links_->FindLink(ShaperLinkName(name)));
  if (shaper.has_value()) RETURN_IF_ERROR(links_->DeleteLink(shaper->index));
  RETURN_IF_ERROR(host_.DeleteTap(name));
  lost_taps_.erase(name);
  unchecked_taps_.erase(name);
  if (found != rules_.ports.end()) {
    RETURN_IF_ERROR(DropOldAddresses(found->second, nullptr));
    RETURN_IF_ERROR(ChangePortRules(name, nullptr));
    RETURN_IF_ERROR(SyncIpv6Routes());
    return dnsmasq_.SetNames({hosts_, peer_names_});
  }
  if (link.has_value()) {
    // Plugged by an earlier brumed; Sync, which has to come, replaces the rest.
    for (const PortAddress& address : PortRulesOf(eni, /*route_table=*/0).addresses()) {
      FlushConnectionsSoon(address.private_ip, std::nullopt);
      if (address.public_ip.has_value()) RETURN_IF_ERROR(host_.RemovePublicAddress(id_, *address.public_ip));
    }
  }
  return absl::OkStatus();
}

}  // namespace brume::network
