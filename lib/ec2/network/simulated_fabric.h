// A fabric without a host: it keeps in memory what a real one would make, so that `brumed --simulate` and tests run
// unprivileged. It keeps the port's contract (order of calls, what is refused), and nothing reaches any network.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/ec2/network/fabric.h"

namespace brume::network {

// Thread-safe. Empty again after a restart, as a host is after its reboot.
class SimulatedFabric : public Fabric {
 public:
  absl::Status SyncVpc(const VpcSpec& spec) override;
  absl::Status RemoveVpc(const VpcId& id) override;
  // Nothing to inspect nor to hear of, as nobody else can reach it.
  std::vector<FabricPart> Parts() override { return {}; }
  absl::StatusOr<std::vector<Damage>> InspectPart(const FabricPart&) override { return std::vector<Damage>(); }
  void ListenForChanges(ChangeListener) override {}
  absl::Status SyncHost() override { return absl::OkStatus(); }
  absl::Status ApplyGroup(const GroupSpec& spec) override;
  absl::Status ApplyMembers(const GroupMembers& members) override;
  absl::Status RemoveGroup(const VpcId& vpc, const SecurityGroupId& group) override;
  absl::Status ApplyPrefixList(const VpcId& vpc, const PrefixListSpec& spec) override;
  absl::StatusOr<std::vector<PublicName>> PublicNames(const VpcId& id) override;
  absl::Status SetPeerNames(const VpcId& id, const std::vector<PublicName>& names) override;
  absl::Status PreparePort(const PortSpec& spec) override;
  absl::Status PlugPort(const PortSpec& spec) override;
  absl::Status UnplugPort(const NetworkInterface& eni) override;
  // True at once for a plugged port, false at once for any other.
  absl::StatusOr<bool> Probe(const NetworkInterface& eni, absl::Duration timeout) override;
  // Of plugged ports: zeros, as nothing passes them.
  absl::StatusOr<std::vector<PortCounters>> Counters(const VpcId& id) override;
  // None: nothing passes.
  absl::StatusOr<std::vector<PortFlows>> TakeFlows(const VpcId&) override { return std::vector<PortFlows>(); }
  // Unimplemented: there is no namespace to listen in.
  absl::StatusOr<UniqueFd> Listen(const VpcId& id, Ipv4 address, uint16_t port) override;
  absl::StatusOr<UniqueFd> Listen(const VpcId& id, const Ipv6& address, uint16_t port) override;
  absl::StatusOr<FabricInventory> List() override;

  // What the VPC's resolver would know: public names, names by tags, those of peers.
  std::vector<PublicName> NamesIn(const VpcId& id);

 private:
  struct Port {
    VpcId vpc;
    bool plugged = false;
    std::vector<PublicName> public_names = {};
    std::optional<PublicName> tag_name = {};
  };

  Mutex mutex_;
  std::set<VpcId> vpcs_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Port> ports_ ABSL_GUARDED_BY(mutex_);  // by the tap's name
  std::map<VpcId, std::vector<PublicName>> peer_names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::network
