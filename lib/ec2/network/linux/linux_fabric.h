// The real Fabric: one network namespace a VPC, taps, nftables, dnsmasq and 1:1 NAT on a Linux host. Needs root.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Fabric> fabric, MakeLinuxFabric({.state_dir = "/var/lib/brume"}));
//
// docs/networking.md draws it. What stands when brumed ends keeps working, and the next SyncVpc adopts it.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/change_watch.h"
#include "lib/ec2/network/linux/flow_rules.h"
#include "lib/ec2/network/linux/nft_ruleset.h"
#include "lib/ec2/network/linux/shaping_support.h"

namespace brume::network {

class HostNetwork;
class VpcNetwork;

struct LinuxFabricOptions {
  // Each VPC's DHCP and DNS files are kept in STATE_DIR/net/vpc-….
  std::string state_dir;
  // "none": guests reach the host and no further; nothing of the host's own forwarding is changed. "auto": they leave
  // by whatever link the host's routes lead to. A link's name: by that link only.
  std::string uplink = "none";
  // With an uplink: chains of other programs' firewalls that drop what is forwarded get rules of ours that let guests'
  // links pass.
  bool pass_firewalls = true;
  Cidr public_pool{Ipv4{0xc6120000}, 16};  // 198.18.0.0/16
  // Asked for names outside a VPC's own domain, when there is an uplink.
  std::vector<std::string> dns_upstream;
  // That one port may have begun and the kernel still tracks.
  int max_connections_per_port = kMaxConnections;
  ShapingSupport shaping = {};  // as DetectShaping says
  int max_flows = kMaxFlows;    // of a VPC that are counted between two readings, of each kind
  // The user and group QEMU runs as; none = root.
  std::optional<uid_t> tap_owner;
  std::optional<gid_t> tap_group;
};

class LinuxFabric;

// The host's namespace is the one of the calling thread. Nothing of the host is changed before the first call.
absl::StatusOr<std::unique_ptr<LinuxFabric>> MakeLinuxFabric(LinuxFabricOptions options);

// Takes away every namespace, process, link, route and table that carries a name of ours, of whatever VPC, guests' taps
// included, and puts back what was changed. Goes on past what fails and returns the first error.
absl::Status RemoveEverything(const LinuxFabricOptions& options);

class LinuxFabric final : public Fabric {
 public:
  // Leaves the host as it is.
  ~LinuxFabric() override;

  // SyncVpc comes first for each VPC after a start; calls before it that must know what stands are FailedPrecondition.
  // A listed port whose tap waits in the host's namespace is left to PlugPort.
  absl::Status SyncVpc(const VpcSpec& spec) override;
  absl::Status RemoveVpc(const VpcId& id) override;
  std::vector<FabricPart> Parts() override;
  absl::StatusOr<std::vector<Damage>> InspectPart(const FabricPart& part) override;
  void ListenForChanges(ChangeListener listener) override;
  absl::Status SyncHost() override;
  absl::Status ApplyGroup(const GroupSpec& spec) override;
  absl::Status ApplyMembers(const GroupMembers& members) override;
  // FailedPrecondition while a port is in the group.
  absl::Status RemoveGroup(const VpcId& vpc, const SecurityGroupId& group) override;
  absl::Status ApplyPrefixList(const VpcId& vpc, const PrefixListSpec& spec) override;
  absl::StatusOr<std::vector<PublicName>> PublicNames(const VpcId& id) override;
  absl::Status SetPeerNames(const VpcId& id, const std::vector<PublicName>& names) override;
  absl::Status PreparePort(const PortSpec& spec) override;
  // NotFound when the tap is in neither namespace; FailedPrecondition while another port holds the private address. A
  // public address that another port still has is taken from it. The port joins its groups' member sets.
  absl::Status PlugPort(const PortSpec& spec) override;
  absl::Status UnplugPort(const NetworkInterface& eni) override;
  absl::StatusOr<bool> Probe(const NetworkInterface& eni, absl::Duration timeout) override;
  absl::StatusOr<std::vector<PortCounters>> Counters(const VpcId& id) override;
  absl::StatusOr<std::vector<PortFlows>> TakeFlows(const VpcId& id) override;
  absl::StatusOr<UniqueFd> Listen(const VpcId& id, Ipv4 address, uint16_t port) override;
  absl::StatusOr<UniqueFd> Listen(const VpcId& id, const Ipv6& address, uint16_t port) override;
  absl::StatusOr<FabricInventory> List() override;
  // What the free function of this name does.
  absl::Status RemoveEverything();

 private:
  friend absl::StatusOr<std::unique_ptr<LinuxFabric>> MakeLinuxFabric(LinuxFabricOptions options);
  struct Entry;

  LinuxFabric(LinuxFabricOptions options, std::unique_ptr<ChangeWatch> watch, std::unique_ptr<HostNetwork> host);
  std::shared_ptr<Entry> EntryOf(const VpcId& id);
  // NotFound when there is no namespace and it is not to be made.
  absl::StatusOr<std::shared_ptr<VpcNetwork>> Network(const VpcId& id, bool create);
  absl::Status Remove(const VpcId& id, bool with_taps);
  std::string Directory(const VpcId& id) const;

  const LinuxFabricOptions options_;
  const std::unique_ptr<ChangeWatch> watch_;
  const std::unique_ptr<HostNetwork> host_;
  Mutex mutex_;
  std::map<VpcId, std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::network
