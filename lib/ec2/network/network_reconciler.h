// Makes the host's networks match the rows: the only caller of the fabric beside status checks.
#pragma once

#include <chrono>
#include <compare>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/model/flow_log.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/port_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::network {

struct NetworkReconcilerHooks {
  AttachedInstances instances;
  // Called on a thread of the reconciler's, after each VPC was synced; an error syncs it again later.
  std::function<absl::Status(const Vpc& vpc)> on_vpc_ready;
  // Called as above before it: these are all of the VPC's endpoints, whose addresses stand; unset = nobody serves them.
  std::function<absl::Status(const VpcId& vpc, const std::vector<EndpointSpec>& endpoints)> serve_endpoints = nullptr;
  // Called as above once nothing of the VPC is left on the host.
  std::function<void(const VpcId& vpc)> on_vpc_gone = nullptr;
  // False when what on_vpc_ready made for the VPC stands no longer; unset = it always does. Must not block.
  std::function<bool(const VpcId& vpc)> is_vpc_ready = nullptr;
  // The same of what serve_endpoints made.
  std::function<bool(const VpcId& vpc)> are_endpoints_served = nullptr;
};

// What somebody else took away and was made again.
struct Repair {
  absl::Time at;
  std::string what;  // "vpc-…: the link uplink is down"
};

// What `nft flush ruleset` opened must not stay open for long, even where no event reported it.
inline constexpr absl::Duration kSweepPeriod = absl::Seconds(2);

// Thread-safe.
class NetworkReconciler final : public PortService {
 public:
  NetworkReconciler(store::Database& database, const Clock& clock, Fabric& fabric, const Settings& settings,
                    NetworkReconcilerHooks hooks, absl::Duration sweep_period = kSweepPeriod);
  // Stops.
  ~NetworkReconciler() override { Stop(); }

  // Begins to sync every VPC, and to compare host and rows every few seconds, and moments after the kernel reported a
  // change; failures are logged and retried.
  void Start();
  // Idempotent.
  void Stop();

  void WakeVpc(const VpcId& id);
  // The group's rules changed, or it is gone.
  void WakeGroup(const VpcId& vpc, const SecurityGroupId& group);
  // Other interfaces are in the group, or they have other addresses; its rules are the same.
  void WakeMembers(const VpcId& vpc, const SecurityGroupId& group);
  // The list's entries changed, and rules and routes of these VPCs name it.
  void WakePrefixListUsers(const PrefixListId& list, const PrefixListUsers& users);
  // The interface's public address changed, or its groups.
  void WakePort(const VpcId& vpc, const EniId& eni);
  // What the specifications of all VPCs share changed.
  void WakeVpcs() { loop_.Wake(Sweep()); }
  // Tags of these changed, by which instances may be named.
  void WakeTagged(const std::vector<std::string>& resource_ids);

  // The specification of each VPC, as the rows are now.
  absl::StatusOr<std::vector<VpcSpec>> ReadSpecs();

  // The newest, oldest first.
  std::vector<Repair> Repairs() const;

  absl::Status PreparePort(const NetworkInterface& eni) override;
  absl::Status PlugPort(const NetworkInterface& eni) override;
  absl::Status UnplugPort(const NetworkInterface& eni) override;

 private:
  // Ports change under the shared side; a sync, which makes a VPC exactly what a snapshot of the rows says, takes the
  // other one, or it would undo a port that was plugged after its snapshot.
  struct VpcGuard {
    SharedMutex mutex;
    bool ready ABSL_GUARDED_BY(mutex) = false;
  };
  std::shared_ptr<VpcGuard> GuardOf(const VpcId& id);

  // One group of a VPC.
  struct GroupKey {
    VpcId vpc;
    SecurityGroupId group;
    std::string text() const { return vpc.text() + "/" + group.text(); }
    friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
  };
  struct MembersKey {
    VpcId vpc;
    SecurityGroupId group;
    std::string text() const { return vpc.text() + "/" + group.text() + "/members"; }
    friend auto operator<=>(const MembersKey&, const MembersKey&) = default;
  };
  struct PortKey {
    VpcId vpc;
    EniId eni;
    std::string text() const { return vpc.text() + "/" + eni.text(); }
    friend auto operator<=>(const PortKey&, const PortKey&) = default;
  };
  struct PrefixListKey {
    VpcId vpc;
    PrefixListId list;
    std::string text() const { return vpc.text() + "/" + list.text(); }
    friend auto operator<=>(const PrefixListKey&, const PrefixListKey&) = default;
  };
  // What a VPC's resolver knows of its peers.
  struct PeerNamesKey {
    VpcId vpc;
    std::string text() const { return vpc.text() + "/names"; }
    friend auto operator<=>(const PeerNamesKey&, const PeerNamesKey&) = default;
  };
  using Key = std::variant<Sweep, VpcId, GroupKey, MembersKey, PortKey, PrefixListKey, PeerNamesKey, InstanceId>;

  // What stands against what was made; what differs is synced again. All of it when the sweep's time has come, else
  // where changes were reported. Returns how long the next sweep is away.
  absl::Duration Audit();
  // Of what a change broke only what was whole before: what breaks again at once, or stays broken, waits for the sweep,
  // so that changes made by repairs lead to no others.
  void AuditParts(const std::vector<FabricPart>& parts, bool sweep);
  // Returns whether the host's side is to be made again.
  bool WakeDamaged(const std::string& place, const std::vector<Damage>& damages, bool sweep);
  void NoteRepair(const Damage& damage);
  std::vector<FabricPart> TakeChanged();
  std::vector<Damage> FindDeafVpcs();
  absl::StatusOr<absl::Duration> Reconcile(const Key& key);
  absl::Status WakeAll();
  absl::StatusOr<VpcSpec> ReadVpc(const VpcId& id);
  absl::Status SyncVpc(const VpcId& id);
  // What stands no longer of what the hooks made for the VPC.
  void FindUnserved(const VpcId& vpc, std::vector<Damage>& damages) const;
  // What became true when the host took over the spec.
  absl::Status Settle(const VpcSpec& spec);
  // Rules of peers name groups of this VPC, whose members may have changed, and their resolvers know its ports.
  absl::Status WakePeers(const VpcId& id);
  // Of one that is deleted.
  absl::Status RemoveVpc(const VpcId& id);
  absl::Status SyncGroup(const VpcId& vpc, const SecurityGroupId& group);
  absl::Status SyncMembers(const VpcId& vpc, const SecurityGroupId& group);
  absl::Status SyncPrefixList(const VpcId& vpc, const PrefixListId& list);
  absl::Status SyncPort(const VpcId& vpc, const EniId& id);
  absl::Status SyncPeerNames(const VpcId& vpc);
  absl::Status SyncInstance(const InstanceId& id);
  absl::StatusOr<PortSpec> PortOf(store::Connection& connection, const NetworkInterface& eni,
                                  const std::vector<FlowLog>& logs) const;
  // Of an interface that is not read with its VPC.
  absl::StatusOr<PortSpec> ReadPort(const NetworkInterface& eni);

  store::Database& database_;
  const Clock& clock_;
  Fabric& fabric_;
  const Settings& settings_;
  const NetworkReconcilerHooks hooks_;
  mutable Mutex mutex_;
  absl::flat_hash_map<VpcId, std::shared_ptr<VpcGuard>> guards_ ABSL_GUARDED_BY(mutex_);
  std::deque<Repair> repairs_ ABSL_GUARDED_BY(mutex_);
  std::set<FabricPart> changed_ ABSL_GUARDED_BY(mutex_);  // since the last audit
  // Of each place at its last audit; Audit's own, and so is the next sweep's time.
  std::map<std::string, std::set<std::string>> known_damages_;
  std::chrono::steady_clock::time_point next_sweep_;
  const absl::Duration sweep_period_;
  ReconcileLoop<Key> loop_;
  Periodic audit_;
};

}  // namespace brume::network
