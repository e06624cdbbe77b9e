// Plugging and unplugging: the part of VpcNetwork that a guest's start and end run through.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
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
  for (const SecurityGroupId& group : port->groups) memberships.insert({group, port->private_ip});
  return memberships;
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
    if (tap != port.tap && other.private_ip == port.private_ip) {
      return absl::FailedPreconditionError(absl::StrCat(port.private_ip.text(), " is still held by tap ", tap));
    }
  }
  return absl::OkStatus();
}

absl::Status VpcNetwork::DoPlug(const PortSpec& spec) {
  RETURN_IF_ERROR(NeedSync());
  ASSIGN_OR_RETURN(const PortRules after, RulesOf(spec));
  RETURN_IF_ERROR(CheckFree(after));
  RETURN_IF_ERROR(ForgetNow());
  ASSIGN_OR_RETURN(const Link tap, BringTap(after.tap));
  lost_taps_.erase(after.tap);
  std::optional<PortRules> before;
  if (const auto found = rules_.ports.find(after.tap); found != rules_.ports.end()) before = found->second;
  RETURN_IF_ERROR(ChangePortRules(after.tap, &after));
  if (before.has_value()) RETURN_IF_ERROR(DropOldAddresses(*before, &after));
  RETURN_IF_ERROR(EnsureTap(*links_, tap, after, /*route_stands=*/false));
  if (IsRouter(after.tap)) RETURN_IF_ERROR(SyncRouteTables());
  if (before.has_value() && before->private_ip != after.private_ip) {
    RETURN_IF_ERROR(links_->DeleteRoute(TapRoute(tap, before->private_ip)));
  }
  // A public name moves with its address.
  for (auto& [address, host] : hosts_) {
    if (host.public_name == spec.public_hostname) host.public_name.clear();
  }
  hosts_[after.private_ip] = {after.mac, spec.hostname, spec.public_hostname, spec.other_hostname};
  RETURN_IF_ERROR(dnsmasq_.SetHosts(hosts_));
  if (after.public_ip.has_value()) RETURN_IF_ERROR(host_.AddPublicAddress(id_, *after.public_ip));
  // An address that moved: its old connections end before the caller hears that it has moved.
  return ForgetNow();
}

absl::Status VpcNetwork::ChangePortRules(const std::string& tap, const PortRules* after) {
  const auto found = rules_.ports.find(tap);
  const PortRules* before = found == rules_.ports.end() ? nullptr : &found->second;
  std::string text;
  // A public address moves in one step: it is taken from the port that still has it.
  std::optional<PortRules> previous_owner;
  if (after != nullptr && after->public_ip.has_value()) {
    for (const auto& [other, port] : rules_.ports) {
      if (other == tap || port.public_ip != after->public_ip) continue;
      previous_owner = port;
      previous_owner->public_ip.reset();
      absl::StrAppend(&text, ChangePort(&port, &*previous_owner));
    }
  }
  absl::StrAppend(&text, ChangePort(before, after));
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

  for (const auto& [group, address] : leaves) rules_.groups[group].members.erase(address);
  for (const auto& [group, address] : joins) rules_.groups[group].members.insert(address);
  if (previous_owner.has_value()) {
    rules_.ports[previous_owner->tap] = *previous_owner;
    ForgetSoon(std::nullopt, after->public_ip);
  }
  if (after != nullptr) {
    rules_.ports[tap] = *after;
  } else {
    rules_.ports.erase(tap);
  }
  return absl::OkStatus();
}

absl::Status VpcNetwork::DropOldAddresses(const PortRules& before, const PortRules* after) {
  if (after == nullptr || after->private_ip != before.private_ip) {
    hosts_.erase(before.private_ip);
    ForgetSoon(before.private_ip, std::nullopt);
  }
  if (before.public_ip.has_value() && (after == nullptr || after->public_ip != before.public_ip)) {
    if (after != nullptr) ForgetSoon(std::nullopt, before.public_ip);
    return host_.RemovePublicAddress(id_, *before.public_ip);
  }
  return absl::OkStatus();
}

void VpcNetwork::ForgetSoon(std::optional<Ipv4> guest, std::optional<Ipv4> public_address) {
  if (guest.has_value()) former_guests_.insert(*guest);
  if (public_address.has_value()) former_public_addresses_.insert(*public_address);
  thread_->Post([this] {
    const absl::Status status = ForgetNow();
    // Kept for the next time; a port that takes one of the addresses waits for it.
    if (!status.ok()) log::Warn("{}: {}", id_.text(), status.ToString());
  });
}

absl::Status VpcNetwork::ForgetStrangers(const std::vector<Cidr>& ranges) {
  std::set<Ipv4> known = rules_.resolvers;
  for (const auto& [tap, port] : rules_.ports) known.insert(port.private_ip);
  const auto stranger = [&](Ipv4 address) {
    return !known.contains(address) &&
           std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return range.Contains(address); });
  };
  return conntrack_->Evict([&](const TrackedConnection& connection) {
    return stranger(connection.source) || stranger(connection.answer_source);
  });
}

absl::Status VpcNetwork::ForgetNow() {
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
  // The link first: a packet on its way would bring back what is forgotten below. The rules last, so that a call that
  // fails half way still knows its addresses when it is made again.
  ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
  if (link.has_value()) RETURN_IF_ERROR(links_->DeleteLink(link->index));
  RETURN_IF_ERROR(host_.DeleteTap(name));
  lost_taps_.erase(name);
  if (found != rules_.ports.end()) {
    RETURN_IF_ERROR(DropOldAddresses(found->second, nullptr));
    RETURN_IF_ERROR(ChangePortRules(name, nullptr));
    return dnsmasq_.SetHosts(hosts_);
  }
  if (link.has_value()) {
    // Plugged by an earlier brumed; Sync, which has to come, replaces the rest.
    ForgetSoon(eni.private_ip, std::nullopt);
    if (eni.public_ip.has_value()) return host_.RemovePublicAddress(id_, *eni.public_ip);
  }
  return absl::OkStatus();
}

}  // namespace brume::network
