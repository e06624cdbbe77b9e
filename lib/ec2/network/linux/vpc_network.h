// One VPC's namespace and all that is in it.
//
// Thread-safe: every call runs on the VPC's own thread, in order. The rules this process applied are kept in memory so
// that a change is a difference; after a restart Sync comes first, and until then calls that would have to know them
// say FailedPrecondition.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/address_set.h"
#include "lib/ec2/network/linux/change_watch.h"
#include "lib/ec2/network/linux/conntrack.h"
#include "lib/ec2/network/linux/ct_timeouts.h"
#include "lib/ec2/network/linux/dnsmasq.h"
#include "lib/ec2/network/linux/flow_rules.h"
#include "lib/ec2/network/linux/host_network.h"
#include "lib/ec2/network/linux/ipv6_netlink.h"
#include "lib/ec2/network/linux/link_probe.h"
#include "lib/ec2/network/linux/namespace_thread.h"
#include "lib/ec2/network/linux/nft.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/linux/route_tables.h"
#include "lib/ec2/network/linux/routing_rules.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/linux/shaping_support.h"
#include "lib/ec2/network/linux/traffic_control.h"

namespace brume::network {

struct VpcNetworkOptions {
  std::string directory;                  // of this VPC's files
  Cidr public_pool;                       // whose addresses have public names
  std::vector<std::string> dns_upstream;  // empty = only private names are resolved
  int max_connections = kMaxConnections;  // that one port may have begun
  int max_flows = kMaxFlows;
  ShapingSupport shaping;  // what the kernel has of it
};

class VpcNetwork {
 public:
  // Enters the namespace; makes it when `create`, else NotFound when there is none. `host` outlives it.
  static absl::StatusOr<std::unique_ptr<VpcNetwork>> Open(const VpcId& id, HostNetwork& host, VpcNetworkOptions options,
                                                          bool create);

  // As in Fabric.
  absl::Status Sync(const VpcSpec& spec);
  absl::Status ApplyGroup(const GroupSpec& spec);
  absl::Status ApplyMembers(const GroupMembers& members);
  absl::Status RemoveGroup(const SecurityGroupId& group);
  absl::Status ApplyPrefixList(const PrefixListSpec& spec);
  absl::StatusOr<std::vector<PublicName>> PublicNames();
  absl::Status SetPeerNames(const std::vector<PublicName>& names);
  absl::Status Plug(const PortSpec& spec);
  absl::Status Unplug(const NetworkInterface& eni);
  absl::StatusOr<std::vector<PortFlows>> TakeFlows();
  absl::StatusOr<UniqueFd> Listen(Ipv4 address, uint16_t port);
  absl::StatusOr<UniqueFd> Listen(const Ipv6& address, uint16_t port);

  // `watch` hears of this namespace from now on, as of a part of its own.
  absl::Status WatchChanges(ChangeWatch& watch);
  // What is not as this process made it; see Fabric::InspectPart. Nothing before the first Sync.
  absl::StatusOr<std::vector<Damage>> Inspect();
  absl::StatusOr<std::vector<std::string>> Taps();
  absl::StatusOr<std::vector<PortCounters>> Counters();
  absl::StatusOr<bool> HasTap(const std::string& name);

  // A socket for Ask; none while the tap is not in the namespace, and for an interface without addresses.
  struct Probe {
    UniqueFd socket;
    LinkQuestion question;
  };
  absl::StatusOr<std::optional<Probe>> OpenProbe(const NetworkInterface& eni);

  // The namespace and all of it; every later call says Unavailable. `with_taps`: also while taps are in it, else
  // FailedPrecondition.
  absl::Status Remove(bool with_taps);

 private:
  VpcNetwork(const VpcId& id, HostNetwork& host, VpcNetworkOptions options)
      : id_(id), host_(host), options_(std::move(options)), dnsmasq_(options_.directory) {}

  template <typename Job>
  auto OnThread(Job job) -> std::invoke_result_t<Job>;

  // All below: on the thread.
  absl::Status Enter(bool create);
  absl::Status NeedSync() const;
  absl::Status DoSync(const VpcSpec& spec);
  absl::Status SyncPorts(const VpcSpec& spec, const std::vector<Link>& links);
  // Nothing where exactly these stand, by this process's doing.
  absl::Status ReplaceRules(const Ruleset& wanted, bool flow_logs);
  absl::StatusOr<std::vector<Damage>> DoInspect();
  absl::Status InspectPorts(const std::vector<Link>& links, std::vector<Damage>& damages);
  absl::Status SyncTaps(const std::vector<Link>& links);
  // A port's limit: made, taken away, made of all that differ from what they are to have, changed, observed.
  absl::Status Shape(const Link& tap, int64_t mbit);
  absl::Status Unshape(const Link& tap);
  absl::Status SyncShaping(const std::vector<Link>& links);
  absl::Status ChangeShaping(const Link& tap, const PortRules* before, const PortRules& after);
  absl::StatusOr<std::vector<std::string>> InspectShaping(const std::vector<Link>& links);
  absl::Status DoApplyGroup(const GroupSpec& spec);
  absl::Status DoApplyMembers(const GroupMembers& members);
  // `group` stands. Those of IPv4 alone.
  absl::Status ChangeMembers(const SecurityGroupId& id, AddressSet members, GroupRules& group);
  absl::Status DoRemoveGroup(const SecurityGroupId& group);
  absl::Status DoApplyPrefixList(const PrefixListSpec& spec);
  // The prefix lists that no rule names, were the group's rules these (null: were it not there).
  std::vector<PrefixListId> UnnamedPrefixLists(const SecurityGroupId& group, const GroupRules* after) const;
  absl::StatusOr<std::vector<PublicName>> DoPublicNames() const;
  absl::Status DoSetPeerNames(const std::vector<PublicName>& names);
  absl::Status DoPlug(const PortSpec& spec);
  absl::Status DoUnplug(const NetworkInterface& eni);
  absl::Status DoRemove(bool with_taps);
  absl::StatusOr<Link> BringTap(const std::string& name);
  // Applies the rules of a port and its membership in its groups, in one transaction, and remembers them.
  absl::Status ChangePortRules(const std::string& tap, const PortRules* after);
  // What the guest had by its old addresses and `after` (null: none) no longer has.
  absl::Status DropOldAddresses(const PortRules& before, const PortRules* after);
  absl::Status CheckFree(const PortRules& port) const;
  // The names of a port's addresses.
  static HostEntries HostEntriesOf(const PortSpec& spec, const PortRules& rules);
  // The text that has the flows of these ports counted, and of no others.
  absl::StatusOr<std::string> SyncFlows(const std::map<std::string, PortRules>& ports, bool wanted);
  void NoteFlowPorts(const std::map<std::string, PortRules>& ports, bool wanted);
  absl::StatusOr<std::vector<PortFlows>> DoTakeFlows();
  // The text that turns the timeouts of what stands into these.
  absl::StatusOr<std::string> ChangeTimeouts(const PortTimeouts& after);
  // Unavailable for a port of a subnet that no Sync has named yet.
  absl::StatusOr<PortRules> RulesOf(const PortSpec& port) const;
  // The route tables as `links` let them be now.
  std::vector<Route> WantedRoutes(const std::vector<Link>& links) const;
  absl::Status SyncRouteTables();
  // A link to each peer, and none to anybody else.
  absl::Status SyncPeerings();
  // IPv6, in vpc_network_ipv6.cc. What of its rules is not of ports and groups, and not the VPC's own.
  Ipv6Rules Ipv6RulesFor(const VpcSpec& spec) const;
  // Of the spec and ports that stand, with the host's part; also where there is none or none any more.
  absl::Status SyncIpv6();
  // Of the rules that stand; nothing where the text is what it was.
  absl::Status SyncIpv6Rules();
  absl::Status SyncIpv6Routes();
  // The tap is up and its rules stand.
  absl::Status PlugIpv6(const Link& tap, const PortRules& port);
  // A port has `after` in the place of `before`; null: it is not there.
  void NoteIpv6(const PortRules* before, const PortRules* after);
  absl::Status FlushIpv6Connections();
  // Whether a route of a table leads to this tap.
  bool IsRouter(const std::string& tap) const;
  // Connections of these addresses are flushed before anything else happens to the VPC, but not before the present
  // call is answered; many at once are flushed in one go.
  void FlushConnectionsSoon(std::optional<Ipv4> guest, std::optional<Ipv4> public_address);
  absl::Status FlushConnections();
  // Those of the addresses that a port had and `rules_` does not give it any more.
  void NoteFormer(const PortRules& port);
  // Connections of addresses in `range` that nobody has: left by a brumed that ended before it could flush them.
  absl::Status FlushForeignConnections(const std::vector<Cidr>& ranges);

  const VpcId id_;
  HostNetwork& host_;
  const VpcNetworkOptions options_;

  UniqueFd namespace_;
  std::optional<Rtnetlink> links_;
  std::optional<TrafficControl> control_;
  std::optional<RoutingRules> routing_rules_;
  std::optional<Ipv6Netlink> ipv6_;
  std::optional<RoutingRules> ipv6_rules_;
  std::optional<Nft> nft_;
  std::optional<Conntrack> conntrack_;
  Dnsmasq dnsmasq_;
  bool synced_ = false;
  bool removed_ = false;
  // As it was synchronised; its groups and ports are in `rules_` alone.
  VpcSpec spec_;
  std::map<SubnetId, SubnetRules> rules_of_subnets_;
  UplinkAddresses uplink_addresses_;
  // Taps that somebody deleted under a guest: nothing can give that guest another one before its next start.
  std::set<std::string> lost_taps_;
  std::set<std::string> unchecked_taps_;  // of ports without the check of source and destination
  std::set<Ipv4> nat_addresses_;          // public ones
  Ruleset rules_;                         // what stands
  bool counts_flows_ = false;             // the table of flow_rules.h stands
  FlowFamily flow_family_ = FlowFamily::kA;
  std::map<std::string, PortRules> counted_ports_;          // since the last reading
  HostEntries hosts_;                                       // what dnsmasq was given
  std::vector<PublicName> peer_names_;                      // and beside these
  std::set<Ipv4> former_guests_, former_public_addresses_;  // whose connections are to be flushed
  std::set<Ipv6> former_ipv6_;
  std::string ipv6_text_;    // of the rules for IPv6 that stand; empty = not known
  bool ipv6_stands_ = true;  // something of IPv6 is in the namespace, or may be as an earlier brumed made it
  // Last, so that it ends before what its jobs use.
  std::unique_ptr<NamespaceThread> thread_;
};

template <typename Job>
auto VpcNetwork::OnThread(Job job) -> std::invoke_result_t<Job> {
  return thread_->Run([&]() -> std::invoke_result_t<Job> {
    if (removed_) return absl::UnavailableError(absl::StrCat(id_.text(), " is being removed from the host"));
    return job();
  });
}

}  // namespace brume::network
