#include "lib/ec2/network/linux/host_network.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/other_firewalls.h"
#include "lib/ec2/network/linux/small_files.h"
#include "lib/ec2/network/linux/sysctl.h"

namespace brume::network {
namespace {

constexpr char kNoUplink[] = "none", kAnyUplink[] = "auto";
constexpr char kHostTable[] = "brume_host";
constexpr char kForwardSysctl[] = "ipv4/ip_forward";

Cidr HostCidr(Ipv4 address) { return Cidr{address, 32}; }

}  // namespace

std::string HostRuleset(const std::string& uplink, const Cidr& public_pool) {
  std::string text =
      "add table inet brume_host\n"
      "delete table inet brume_host\n"
      "add table inet brume_host\n"
      "add chain inet brume_host forward { type filter hook forward priority 0; policy accept; }\n"
      "add chain inet brume_host input { type filter hook input priority 0; policy accept; }\n"
      // Guests may answer the host and not call it.
      "add rule inet brume_host input iifname \"bmv*\" ct state established,related accept\n";
  // A VPC's own resolver may ask a name server that is this host.
  for (const char* protocol : {"udp", "tcp"}) {
    absl::StrAppend(&text, "add rule inet brume_host input iifname \"bmv*\" ip saddr ", kTransferRange.text(), " ",
                    protocol, " dport 53 accept\n");
  }
  absl::StrAppend(&text, "add rule inet brume_host input iifname \"bmv*\" drop\n");
  if (uplink == kNoUplink) {
    // The host may forward for reasons of its own; guests are to have no part in it.
    absl::StrAppend(&text,
                    "add rule inet brume_host forward iifname \"bmv*\" drop\n"
                    "add rule inet brume_host forward oifname \"bmv*\" drop\n");
    return text;
  }
  const std::string out = uplink == kAnyUplink ? "" : absl::StrCat("oifname \"", uplink, "\" ");
  absl::StrAppend(&text,
                  "add chain inet brume_host leaving\n"
                  "add rule inet brume_host leaving oifname \"bmv*\" accept\n"
                  "add rule inet brume_host leaving ",
                  out,
                  "accept\n"
                  "add rule inet brume_host leaving drop\n");
  absl::StrAppend(&text,
                  "add chain inet brume_host nat_out { type nat hook postrouting priority srcnat; policy accept; }\n"
                  "add rule inet brume_host nat_out oifname \"bmv*\" accept\n");
  for (const std::string& source : {public_pool.text(), kTransferRange.text()}) {
    absl::StrAppend(&text, "add rule inet brume_host forward iifname \"bmv*\" ip saddr ", source, " goto leaving\n");
    absl::StrAppend(&text, "add rule inet brume_host nat_out ip saddr ", source, " ", out, "masquerade\n");
  }
  absl::StrAppend(&text, "add rule inet brume_host forward iifname \"bmv*\" drop\n");
  return text;
}

absl::StatusOr<std::unique_ptr<HostNetwork>> HostNetwork::Open(HostOptions options) {
  ASSIGN_OR_RETURN(UniqueFd here, CurrentNamespace());
  ASSIGN_OR_RETURN(std::unique_ptr<NamespaceThread> thread,
                   NamespaceThread::Start("net-host", [&] { return EnterNamespace(here.get()); }));
  RETURN_IF_ERROR(MakeDirectories(options.directory));
  std::unique_ptr<HostNetwork> host(new HostNetwork(std::move(options), std::move(thread)));
  RETURN_IF_ERROR(host->thread_->Run([&] { return host->OpenSockets(); }));
  return host;
}

absl::Status HostNetwork::OpenSockets() {
  ASSIGN_OR_RETURN(Rtnetlink links, Rtnetlink::Open());
  ASSIGN_OR_RETURN(Nft nft, Nft::Open());
  links_.emplace(std::move(links));
  ASSIGN_OR_RETURN(Ipv6Netlink ipv6, Ipv6Netlink::Open());
  ipv6_.emplace(std::move(ipv6));
  nft_.emplace(std::move(nft));
  ASSIGN_OR_RETURN(NftState nft_state, NftState::Open());
  nft_state_.emplace(std::move(nft_state));
  return absl::OkStatus();
}

absl::Status HostNetwork::WatchChanges(ChangeWatch& watch) {
  return thread_->Run([&] { return watch.Add(std::nullopt); });
}

absl::Status HostNetwork::CreateTap(const std::string& name, bool multi_queue) {
  return thread_->Run([&] { return network::CreateTap(name, options_.tap_owner, multi_queue); });
}

absl::StatusOr<bool> HostNetwork::MoveTap(const std::string& name, int to_namespace) {
  return thread_->Run([&]() -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
    if (!link.has_value()) return false;
    RETURN_IF_ERROR(links_->MoveLink(link->index, to_namespace));
    return true;
  });
}

absl::Status HostNetwork::DeleteTap(const std::string& name) {
  return thread_->Run([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
    return link.has_value() ? links_->DeleteLink(link->index) : absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> HostNetwork::Taps() {
  return thread_->Run([&]() -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
    std::vector<std::string> taps;
    for (const Link& link : links) {
      if (IsTapName(link.name)) taps.push_back(link.name);
    }
    return taps;
  });
}

absl::StatusOr<UplinkAddresses> HostNetwork::Connect(const VpcId& vpc, int vpc_namespace, bool has_peer) {
  return thread_->Run([&]() -> absl::StatusOr<UplinkAddresses> {
    RETURN_IF_ERROR(EnsureShared());
    const std::string name = HostVethName(vpc);
    ASSIGN_OR_RETURN(std::optional<Link> link, links_->FindLink(name));
    if (link.has_value() && !has_peer) {
      RETURN_IF_ERROR(links_->DeleteLink(link->index));
      link.reset();
    }
    if (!link.has_value()) {
      RETURN_IF_ERROR(links_->AddVeth(name, kUplinkLink, vpc_namespace));
      ASSIGN_OR_RETURN(link, links_->FindLink(name));
      if (!link.has_value()) return absl::InternalError(absl::StrCat(name, " went away as it was made"));
    }
    RETURN_IF_ERROR(SetUpVeth(name, *link));
    ASSIGN_OR_RETURN(const Ipv4 own, TransferAddress(link->index));
    Attachment& attachment = attachments_[vpc];
    attachment.link = link->index;
    attachment.transfer = own;
    return UplinkAddresses{RouterAddress(options_.public_pool), own};
  });
}

absl::Status HostNetwork::SetUpVeth(const std::string& name, const Link& link) {
  // One that stands has what ConnectIpv6 gave it.
  if (!link.up) {
    const absl::Status no_ipv6 = WriteSysctl(absl::StrCat("ipv6/conf/", name, "/disable_ipv6"), "1");
    if (!no_ipv6.ok() && !absl::IsNotFound(no_ipv6)) return no_ipv6;
  }
  // What a VPC sends must come from an address that leads back to it.
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/conf/", name, "/rp_filter"), "1"));
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/conf/", name, "/accept_redirects"), "0"));
  RETURN_IF_ERROR(WriteSysctl(absl::StrCat("ipv4/conf/", name, "/send_redirects"), "0"));
  RETURN_IF_ERROR(links_->AddAddress(link.index, {RouterAddress(options_.public_pool), 32}));
  return link.up ? absl::OkStatus() : links_->SetLink(link.index, /*up=*/true, "");
}

absl::StatusOr<Ipv4> HostNetwork::TransferAddress(int link) {
  ASSIGN_OR_RETURN(const std::vector<Route> routes, links_->Routes());
  std::set<Ipv4> taken;
  for (const Route& route : routes) {
    if (!kTransferRange.Contains(route.destination)) continue;
    if (route.link == link) return route.destination.base;
    taken.insert(route.destination.base);
  }
  // The link's index is its own already, so the first guess is nearly always free.
  for (uint32_t i = 0; i < kTransferRange.size(); ++i) {
    const Ipv4 address{static_cast<uint32_t>(kTransferRange.base.value + (link + i) % kTransferRange.size())};
    if (taken.contains(address)) continue;
    RETURN_IF_ERROR(links_->SetRoute(TransferRoute(link, address)));
    return address;
  }
  return absl::ResourceExhaustedError("no transfer address is left for one more VPC");
}

absl::Status HostNetwork::Disconnect(const VpcId& vpc) {
  return thread_->Run([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<Link> veth, links_->FindLink(HostVethName(vpc)));
    if (veth.has_value()) RETURN_IF_ERROR(links_->DeleteLink(veth->index));
    attachments_.erase(vpc);
    ASSIGN_OR_RETURN(const std::vector<Ipv6Route> ipv6_routes, ipv6_->Routes());
    RETURN_IF_ERROR(EnsureIpv6Shared(ipv6_routes));
    ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
    for (const Link& link : links) {
      if (IsHostVethName(link.name)) return absl::OkStatus();
    }
    return RemoveShared();
  });
}

absl::Status HostNetwork::EnsureShared() {
  RETURN_IF_ERROR(links_->SetRoute(PoolRoute()));
  ASSIGN_OR_RETURN(const std::vector<Ipv6Route> ipv6_routes, ipv6_->Routes());
  RETURN_IF_ERROR(nft_->Run(Rules(ipv6_routes)));
  // The generation first: what changes between the two is seen at the next inspection.
  ASSIGN_OR_RETURN(rules_generation_, nft_state_->Generation());
  ASSIGN_OR_RETURN(rules_fingerprint_, nft_state_->Fingerprint(kHostTable));
  RETURN_IF_ERROR(passes_firewalls() ? PassFirewalls() : WithdrawFromFirewalls());
  RETURN_IF_ERROR(EnsureIpv6Shared(ipv6_routes));
  return options_.uplink == kNoUplink ? RestoreForwarding() : ForwardPackets();
}

absl::Status HostNetwork::RemoveShared() {
  ASSIGN_OR_RETURN(const std::vector<Route> routes, links_->Routes());
  for (const Route& route : routes) RETURN_IF_ERROR(links_->DeleteRoute(route));
  RETURN_IF_ERROR(RemoveIpv6Shared());
  RETURN_IF_ERROR(nft_->Run("add table inet brume_host\ndelete table inet brume_host\n"));
  RETURN_IF_ERROR(WithdrawFromFirewalls());
  return RestoreForwarding();
}

bool HostNetwork::passes_firewalls() const { return options_.pass_firewalls && options_.uplink != kNoUplink; }

absl::StatusOr<std::vector<HostNetwork::FirewallChange>> HostNetwork::FirewallChanges(bool pass) {
  ASSIGN_OR_RETURN(const std::string listed, nft_->Query("list chains"));
  ASSIGN_OR_RETURN(const std::vector<ForwardChain> chains, ForwardChains(listed));
  std::vector<FirewallChange> changes;
  for (const ForwardChain& chain : chains) {
    const absl::StatusOr<std::string> rules = nft_->Query("list chain " + chain.text());
    // It may have gone since it was listed.
    if (!rules.ok()) continue;
    ASSIGN_OR_RETURN(std::string commands, pass ? CommandsToPass(chain, *rules) : CommandsToWithdraw(chain, *rules));
    if (!commands.empty()) changes.push_back({chain.text(), std::move(commands)});
  }
  return changes;
}

absl::Status HostNetwork::PassFirewalls() {
  refused_firewalls_.clear();
  ASSIGN_OR_RETURN(const std::vector<FirewallChange> changes, FirewallChanges(/*pass=*/true));
  for (const FirewallChange& change : changes) {
    // A program may keep its table to itself: the VPCs go on without, and Inspect tells.
    const absl::Status changed = nft_->Run(change.commands);
    if (!changed.ok()) refused_firewalls_[change.chain] = std::string(changed.message());
  }
  return absl::OkStatus();
}

absl::Status HostNetwork::WithdrawFromFirewalls() {
  ASSIGN_OR_RETURN(const std::vector<FirewallChange> changes, FirewallChanges(/*pass=*/false));
  for (const FirewallChange& change : changes) RETURN_IF_ERROR(nft_->Run(change.commands));
  return absl::OkStatus();
}

absl::Status HostNetwork::InspectFirewalls(std::vector<Damage>& damages) {
  if (!passes_firewalls()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const uint32_t generation, nft_state_->Generation());
  if (generation == firewalls_generation_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<FirewallChange> changes, FirewallChanges(/*pass=*/true));
  for (const FirewallChange& change : changes) {
    const auto refused = refused_firewalls_.find(change.chain);
    Damage damage{.vpc = {}, .what = absl::StrCat("the chain ", change.chain, " does not let guests' links pass")};
    if (refused != refused_firewalls_.end()) {
      absl::StrAppend(&damage.what, ", and cannot be changed: ", refused->second);
      damage.repairable = false;
    }
    damages.push_back(std::move(damage));
  }
  if (changes.empty()) firewalls_generation_ = generation;
  return absl::OkStatus();
}

absl::Status HostNetwork::ForwardPackets() {
  ASSIGN_OR_RETURN(const std::string before, ReadSysctl(kForwardSysctl));
  if (before == "1") return absl::OkStatus();
  // Written down first: after a crash between the two, putting back what already is does no harm.
  RETURN_IF_ERROR(ReplaceFile(ForwardingFile(), before + "\n").status());
  return WriteSysctl(kForwardSysctl, "1");
}

absl::Status HostNetwork::RestoreForwarding() {
  const absl::StatusOr<std::string> before = ReadFile(ForwardingFile());
  if (absl::IsNotFound(before.status())) return absl::OkStatus();
  RETURN_IF_ERROR(before.status());
  RETURN_IF_ERROR(WriteSysctl(kForwardSysctl, before->substr(0, before->find('\n'))));
  if (unlink(ForwardingFile().c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove ", ForwardingFile()));
  }
  return absl::OkStatus();
}

absl::StatusOr<HostNetwork::Attachment> HostNetwork::Find(const VpcId& vpc) const {
  const auto found = attachments_.find(vpc);
  if (found != attachments_.end()) return found->second;
  return absl::FailedPreconditionError(absl::StrCat(vpc.text(), " is not connected to the host"));
}

Route HostNetwork::TransferRoute(int link, Ipv4 address) const {
  return {.destination = HostCidr(address), .link = link, .source = RouterAddress(options_.public_pool)};
}

Route HostNetwork::PublicRoute(const Attachment& attachment, Ipv4 address) const {
  return {.destination = HostCidr(address),
          .link = attachment.link,
          .gateway = attachment.transfer,
          .source = RouterAddress(options_.public_pool)};
}

absl::Status HostNetwork::SetPublicAddresses(const VpcId& vpc, const std::set<Ipv4>& addresses) {
  return thread_->Run([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Attachment attachment, Find(vpc));
    ASSIGN_OR_RETURN(const std::vector<Route> routes, links_->Routes());
    std::set<Ipv4> missing = addresses;
    for (const Route& route : routes) {
      if (route.link != attachment.link || kTransferRange.Contains(route.destination)) continue;
      const bool wanted = addresses.contains(route.destination.base);
      if (!wanted) RETURN_IF_ERROR(links_->DeleteRoute(route));
      if (wanted && route == PublicRoute(attachment, route.destination.base)) missing.erase(route.destination.base);
    }
    for (const Ipv4 address : missing) RETURN_IF_ERROR(links_->SetRoute(PublicRoute(attachment, address)));
    for (const Ipv4 address : addresses) NoteOwner(address, vpc);
    attachments_[vpc].public_addresses = addresses;
    return absl::OkStatus();
  });
}

absl::Status HostNetwork::AddPublicAddress(const VpcId& vpc, Ipv4 address) {
  return thread_->Run([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Attachment attachment, Find(vpc));
    RETURN_IF_ERROR(links_->SetRoute(PublicRoute(attachment, address)));
    NoteOwner(address, vpc);
    return absl::OkStatus();
  });
}

absl::Status HostNetwork::RemovePublicAddress(const VpcId& vpc, Ipv4 address) {
  return thread_->Run([&]() -> absl::Status {
    if (const auto found = attachments_.find(vpc); found != attachments_.end()) {
      found->second.public_addresses.erase(address);
    }
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(HostVethName(vpc)));
    if (!link.has_value()) return absl::OkStatus();
    return links_->DeleteRoute({.destination = HostCidr(address), .link = link->index});
  });
}

void HostNetwork::NoteOwner(Ipv4 address, const VpcId& vpc) {
  for (auto& [id, attachment] : attachments_) {
    if (id == vpc) {
      attachment.public_addresses.insert(address);
    } else {
      attachment.public_addresses.erase(address);
    }
  }
}

absl::Status HostNetwork::Restore() {
  return thread_->Run([&] { return attachments_.empty() ? absl::OkStatus() : EnsureShared(); });
}

absl::StatusOr<std::vector<Damage>> HostNetwork::Inspect() {
  return thread_->Run([&]() -> absl::StatusOr<std::vector<Damage>> {
    if (attachments_.empty()) return std::vector<Damage>();
    return InspectHere();
  });
}

absl::StatusOr<bool> HostNetwork::RulesStand() {
  // Others change tables of their own all the time, so ours is read only when something changed.
  ASSIGN_OR_RETURN(const uint32_t generation, nft_state_->Generation());
  if (generation == rules_generation_ && !rules_fingerprint_.empty()) return true;
  ASSIGN_OR_RETURN(const std::string fingerprint, nft_state_->Fingerprint(kHostTable));
  if (fingerprint.empty() || fingerprint != rules_fingerprint_) return false;
  rules_generation_ = generation;
  return true;
}

absl::StatusOr<std::vector<Damage>> HostNetwork::InspectHere() {
  std::vector<Damage> damages;
  ASSIGN_OR_RETURN(const bool rules_stand, RulesStand());
  if (!rules_stand) {
    damages.push_back({.vpc = {}, .what = absl::StrCat("the nftables table ", kHostTable, " was changed or removed")});
  }
  RETURN_IF_ERROR(InspectFirewalls(damages));
  if (options_.uplink != kNoUplink) {
    ASSIGN_OR_RETURN(const std::string forwards, ReadSysctl(kForwardSysctl));
    if (forwards != "1") damages.push_back({.vpc = {}, .what = "the host does not forward (ip_forward)"});
  }
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  ASSIGN_OR_RETURN(const std::vector<Route> routes, links_->Routes());
  const auto has = [&](const Route& route) { return std::find(routes.begin(), routes.end(), route) != routes.end(); };
  if (!has(PoolRoute())) {
    damages.push_back({.vpc = {}, .what = absl::StrCat("the route of ", options_.public_pool.text(), " is gone")});
  }
  RETURN_IF_ERROR(InspectIpv6Here(damages));
  std::set<int> up;
  for (const Link& link : links) {
    if (link.up) up.insert(link.index);
  }
  // One whole set, so that a host with many VPCs is not compared route by route.
  std::set<std::pair<uint32_t, int>> present;
  for (const Route& route : routes) present.emplace(route.destination.base.value, route.link);
  for (const auto& [vpc, attachment] : attachments_) {
    if (!up.contains(attachment.link)) {
      damages.push_back({.vpc = vpc, .what = absl::StrCat("the link ", HostVethName(vpc), " is gone or down")});
      continue;
    }
    std::set<Ipv4> wanted = attachment.public_addresses;
    wanted.insert(attachment.transfer);
    for (const Ipv4 address : wanted) {
      if (present.contains({address.value, attachment.link})) continue;
      damages.push_back({.vpc = vpc, .what = absl::StrCat("the host's route to ", address.text(), " is gone")});
    }
  }
  return damages;
}

absl::Status HostNetwork::RemoveAll() {
  return thread_->Run([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
    for (const Link& link : links) {
      if (!IsTapName(link.name) && !IsHostVethName(link.name)) continue;
      const absl::Status status = links_->DeleteLink(link.index);
      if (!status.ok() && !absl::IsNotFound(status)) return status;
    }
    attachments_.clear();
    return RemoveShared();
  });
}

}  // namespace brume::network
