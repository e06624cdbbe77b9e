// The host's side of the fabric, in the namespace brumed runs in: taps before they move, a veth to each VPC, routes of
// public addresses, and the way out.
//
//   host: bmv… (pool base + 1) ── uplink (a transfer address) :VPC
//
// A public address is a route on the host through its VPC's transfer address; all but those are unreachable, so that
// nothing sent to an unassigned one leaves by the uplink.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/change_watch.h"
#include "lib/ec2/network/linux/ipv6_netlink.h"
#include "lib/ec2/network/linux/namespace_thread.h"
#include "lib/ec2/network/linux/nft.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/linux/tap.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume::network {

struct HostOptions {
  std::string directory;  // for what has to be put back later
  // "none": guests reach the host and no further. "auto": they go wherever the host's routes lead. A link's name: by it
  // and no other.
  std::string uplink;
  // With an uplink: chains of other firewalls that drop what is forwarded let guests' links pass; see
  // other_firewalls.h.
  bool pass_firewalls = true;
  Cidr public_pool;
  TapOwner tap_owner;
};

struct UplinkAddresses {
  Ipv4 gateway;  // of the host's end
  Ipv4 own;      // of the namespace's end
};

// What leads to a VPC by IPv6.
struct Ipv6Attachment {
  std::vector<CidrIpv6> ranges;  // none = nothing does
  CidrIpv6 pool;                 // of all VPCs; the rest of it is unreachable
  std::string vpc_mac;           // of the namespace's end of the pair
  friend bool operator==(const Ipv6Attachment&, const Ipv6Attachment&) = default;
};

// Thread-safe; everything runs in order on one thread of its own, and nothing there waits for a VPC.
class HostNetwork {
 public:
  // In the namespace of the calling thread.
  static absl::StatusOr<std::unique_ptr<HostNetwork>> Open(HostOptions options);

  // `watch` hears of this namespace from now on.
  absl::Status WatchChanges(ChangeWatch& watch);

  absl::Status CreateTap(const std::string& name, bool multi_queue);
  // False when there is no such tap here.
  absl::StatusOr<bool> MoveTap(const std::string& name, int to_namespace);
  absl::Status DeleteTap(const std::string& name);
  absl::StatusOr<std::vector<std::string>> Taps();

  // The veth pair and what all VPCs share. `has_peer`: the namespace has its end; a pair without is made anew.
  absl::StatusOr<UplinkAddresses> Connect(const VpcId& vpc, int vpc_namespace, bool has_peer);
  // After Connect. The MAC of the host's end.
  absl::StatusOr<std::string> ConnectIpv6(const VpcId& vpc, const Ipv6Attachment& wanted);
  // Takes the pair away, and with the last one what all share.
  absl::Status Disconnect(const VpcId& vpc);

  // Exactly these lead to the VPC. An address that led to another VPC leads here from now on.
  absl::Status SetPublicAddresses(const VpcId& vpc, const std::set<Ipv4>& addresses);
  absl::Status AddPublicAddress(const VpcId& vpc, Ipv4 address);
  absl::Status RemovePublicAddress(const VpcId& vpc, Ipv4 address);

  // Compares what is here with what was made; see Fabric::InspectPart.
  absl::StatusOr<std::vector<Damage>> Inspect();
  // What all VPCs share, again; OK when none is connected.
  absl::Status Restore();

  // Every link, route and table of ours, whoever made them.
  absl::Status RemoveAll();

 private:
  struct FirewallChange {
    std::string chain, commands;
  };
  // A connected VPC.
  struct Attachment {
    int link = 0;
    Ipv4 transfer;
    std::set<Ipv4> public_addresses;  // that lead to it
    Ipv6Attachment ipv6 = {};
  };

  HostNetwork(HostOptions options, std::unique_ptr<NamespaceThread> thread)
      : options_(std::move(options)), thread_(std::move(thread)) {}

  // All below: on the thread.
  absl::Status OpenSockets();
  absl::Status EnsureShared();
  absl::Status RemoveShared();
  absl::StatusOr<bool> RulesStand();
  // What is to change in other firewalls' chains for guests' links to pass, or for nothing of ours to be in them.
  absl::StatusOr<std::vector<FirewallChange>> FirewallChanges(bool pass);
  absl::Status PassFirewalls();
  absl::Status WithdrawFromFirewalls();
  absl::Status InspectFirewalls(std::vector<Damage>& damages);
  absl::StatusOr<std::vector<Damage>> InspectHere();
  absl::Status ForwardPackets();
  absl::Status RestoreForwarding();
  // IPv6, in host_network_ipv6.cc.
  std::vector<Ipv6Route> WantedIpv6Routes() const;
  // `present`: the routes of ours that stand. Those of a VPC that was not connected yet since the start stay, with the
  // rules that let it out, until it is.
  absl::Status EnsureIpv6Shared(const std::vector<Ipv6Route>& present);
  bool IsOfUnknownVpc(const Ipv6Route& route) const;
  absl::Status RemoveIpv6Shared();
  absl::Status ForwardIpv6();
  // The settings (accept_ra) of links that listen to router advertisements as long as the host does not forward.
  absl::StatusOr<std::vector<std::string>> DeafLinkSettings();
  absl::Status RestoreIpv6Forwarding();
  absl::Status InspectIpv6Here(std::vector<Damage>& damages);
  std::string Rules(const std::vector<Ipv6Route>& present) const;
  absl::Status SetUpVeth(const std::string& name, const Link& link);
  absl::StatusOr<Ipv4> TransferAddress(int link);
  absl::StatusOr<Attachment> Find(const VpcId& vpc) const;
  // The address leads to `vpc` and to no other.
  void NoteOwner(Ipv4 address, const VpcId& vpc);
  bool passes_firewalls() const;
  Route PoolRoute() const { return {.destination = options_.public_pool, .kind = RouteKind::kUnreachable}; }
  Route TransferRoute(int link, Ipv4 address) const;
  Route PublicRoute(const Attachment& attachment, Ipv4 address) const;
  std::string ForwardingFile() const { return options_.directory + "/ip_forward.before"; }

  const HostOptions options_;
  std::optional<Rtnetlink> links_;
  std::optional<Ipv6Netlink> ipv6_;
  std::optional<Nft> nft_;
  std::optional<NftState> nft_state_;
  // Of our table as it was made, and of the last inspection that found it so.
  std::string rules_fingerprint_;
  uint32_t rules_generation_ = 0;
  // When no other firewall wanted a change; and those that did not let themselves be changed, by chain.
  uint32_t firewalls_generation_ = 0;
  std::map<std::string, std::string> refused_firewalls_;
  std::map<VpcId, Attachment> attachments_;
  // Last, so that it ends before what its jobs use.
  std::unique_ptr<NamespaceThread> thread_;
};

// What the host's table has of IPv6 beside HostRuleset's; nothing without ranges. Packets that leave by the uplink with
// a unique local source are given the host's own address.
std::string HostIpv6Rules(const std::string& uplink, const std::vector<CidrIpv6>& ranges);

// The table inet brume_host, replaced as a whole. Pure.
std::string HostRuleset(const std::string& uplink, const Cidr& public_pool);

}  // namespace brume::network
