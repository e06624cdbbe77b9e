// Makes guests match the instances' rows, one idempotent step at a time, and rows match what guests do by themselves.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/restart_turns.h"
#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/network/port_service.h"
#include "lib/ec2/storage/disk_service.h"
#include "lib/ec2/storage/snapshot_taking_service.h"
#include "lib/resource/settings.h"
#include "lib/resource/user_id_range.h"
#include "lib/store/database.h"

namespace brume::compute {

struct InstanceReconcilerParts {
  store::Database& database;
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  Hypervisor& hypervisor;
  network::PortService& network;
  storage::DiskService& disks;
  // This boot of the host (/proc/sys/kernel/random/boot_id).
  std::string host_boot_id;
  // A deregistered image may have lost its last user.
  std::function<void()> on_disks_freed;
  // A volume without an instance has work. Must not block.
  std::function<void(const VolumeId& id)> wake_volume;
  // Of the host's users, one for each guest from its next start on; empty = all run as one.
  UserIdRange guest_user_ids = {};
  // Ids of the guests' range that the host knows otherwise: of guests and of disks without a row.
  std::set<int64_t> strange_user_ids = {};
  // An instance was reconciled, and may have changed; may be empty. Must not block.
  std::function<void(const InstanceId& id)> on_reconciled = {};
  // A launch is work for processors more than waiting: many more at once than there are would end no sooner, and would
  // stand in the way of the calls' answers.
  int threads = std::clamp<int>(static_cast<int>(std::thread::hardware_concurrency()) + 1, 3, 16);
};

// Thread-safe.
class InstanceReconciler {
 public:
  explicit InstanceReconciler(InstanceReconcilerParts parts);

  // Listens to the hypervisor, reconciles every instance that is not at rest, and sweeps from then on.
  void Start();
  void Stop();
  void Wake(const InstanceId& id);

  // Guests on this host that no row knows. They are reported and left alone.
  std::vector<InstanceId> Orphans() const;

 private:
  // How often the guest was asked to let go of a volume, and when at last.
  struct DetachAsks {
    int count = 0;
    absl::Time last = absl::InfinitePast();
  };
  // When the guest was asked to let go of a network card, at first and at last.
  struct NicAsks {
    absl::Time first;
    absl::Time last = absl::InfinitePast();
  };
  // What only this process has seen of a guest; losing it costs a retry, never a machine.
  struct Memory {
    bool ended_by_guest = false;
    bool crashed = false;
    bool reboot_asked = false;
    bool rebooted = false;
    absl::Time resumed = absl::InfinitePast();
    std::map<VolumeId, DetachAsks> detach_asks = {};
    std::map<std::string, NicAsks> nic_asks = {};  // by MAC
  };
  // What one reconcile works with.
  struct Guest {
    Instance instance;
    int64_t user_id = 0;  // as of GuestSpec
    std::vector<NetworkInterface> interfaces;
    std::vector<Volume> volumes;
    Image image;
  };
  using Next = absl::StatusOr<absl::Duration>;

  using Key = std::variant<Sweep, InstanceId>;

  Next Reconcile(const Key& key);
  Next ReconcileInstance(const InstanceId& id);
  Next SweepAll();
  absl::StatusOr<Guest> Read(const InstanceId& id);

  // Of the instance's volumes. True when there were some: read anew. Otherwise sets *again where it is to be tried
  // again.
  absl::StatusOr<bool> TakeSnapshots(const Guest& guest, absl::Duration* again);
  absl::Status SwitchTops(const Instance& instance, const std::vector<storage::NewTop>& tops, absl::Duration* again);
  Next Launch(Guest& guest);
  // Of an instance that ran before the host's reboot: zero once it may boot.
  Next AwaitTurn(Instance& instance);
  // It does not boot after all: the next one may.
  void GiveUpTurn(const InstanceId& id);
  void WakeNextTurns();
  absl::Status PowerOn(Guest& guest);
  absl::Status EnsureUserId(Guest& guest);
  absl::StatusOr<GuestSpec> MakeSpec(const Guest& guest);
  Next LaunchFailed(Guest& guest, const absl::Status& why);
  Next KeepRunning(Guest& guest);
  Next KeepStopped(Guest& guest);
  // Makes the disks of a guest that is on those that its volumes say; returns when to reconcile again.
  Next FollowDisks(Guest& guest);
  // `observed` is null where the guest has no disk of the volume.
  Next FollowDisk(int64_t user_id, Volume& volume, const ObservedDisk* observed);
  Next AskToDetach(Volume& volume);
  // The same of a guest that is off; leaves the volumes that are the instance's still in `guest`.
  absl::Status FollowDisksOff(Guest& guest);
  // The same of network cards and interfaces; ports of those that are attached stand then.
  Next FollowNics(Guest& guest);
  Next FollowNic(const Instance& instance, NetworkInterface& eni, const std::vector<ObservedNic>& observed);
  Next FollowNicDetach(NetworkInterface& eni, const std::vector<ObservedNic>& observed);
  Next AskToDetachNic(const InstanceId& id, const ObservedNic& nic);
  absl::Status FollowNicsOff(Guest& guest);
  // Takes its port away.
  absl::Status NoteNicDetached(NetworkInterface& eni);
  absl::Status WriteAttachment(NetworkInterface& eni);
  GuestNic NicOf(const NetworkInterface& eni, const std::string& instance_type) const;
  // Steps of the modifications of its volumes, on or off; true when one was taken.
  absl::StatusOr<bool> FollowModifications(Guest& guest, bool is_on);
  absl::Status NoteAttached(Volume& volume);
  absl::Status NoteDetached(Volume volume);
  absl::Status WriteVolume(Volume& volume);
  // Makes its file where that is yet to be done.
  absl::StatusOr<GuestDisk> DiskOf(int64_t user_id, const Volume& volume);
  // The next step of the task that replaces its root volume; unset where that does not stand in the way of anything.
  absl::StatusOr<std::optional<absl::Duration>> FollowRootReplacement(Guest& guest);
  absl::StatusOr<std::optional<absl::Duration>> AwaitNewRoot(const RootReplacementStage& stage,
                                                             const Instance& instance);
  absl::StatusOr<std::optional<absl::Duration>> SwitchRootOf(const RootReplacementStage& stage, Guest& guest);
  // Of a guest that does not start: whether it got its old root volume back.
  absl::StatusOr<bool> RestoreRootOf(const Guest& guest);
  // With `relaunched`, whose guest was powered off for the task, in one transaction with its launch.
  absl::Status EndTask(const RootReplacementStage& stage, RootReplacementState state, const std::string& why,
                       const Instance* relaunched = nullptr);
  Next FollowReboot(Guest& guest);
  Next FollowEnd(Guest& guest);
  Next StopGuest(Guest& guest);
  // Saves the memory of a guest that is to hibernate; the row says what came of it.
  absl::Status SaveMemory(Guest& guest);
  // The key that the memory is encrypted with: the root volume's.
  absl::StatusOr<std::string> MemoryKeyOf(const Guest& guest);
  // The guest is made, and may go on: its memory is never used again.
  absl::Status UseMemory(Instance& instance);
  // The guest boots instead of going on from its memory, which is of no use.
  absl::Status GiveUpMemory(Instance& instance, const absl::Status& why);
  Next TerminateGuest(Guest& guest);
  Next Purge(const Instance& instance);
  // True once the guest is off: asks by ACPI until `deadline`, then cuts the power. Otherwise sets *again.
  absl::StatusOr<bool> PowerOff(const Instance& instance, absl::Time deadline, absl::Duration* again);
  absl::Status Unplug(const Guest& guest);

  // Commits `instance` in a new state.
  absl::Status Settle(Instance& instance, InstanceState state);
  absl::Status NoteError(const InstanceId& id, absl::string_view error);
  void OnEvent(const GuestEvent& event);
  Memory Remember(const InstanceId& id) const;
  void Change(const InstanceId& id, const std::function<void(Memory&)>& change);
  void Evict(const InstanceId& id);

  const InstanceReconcilerParts parts_;
  mutable Mutex mutex_;
  absl::flat_hash_map<InstanceId, Memory> memories_ ABSL_GUARDED_BY(mutex_);
  std::vector<InstanceId> orphans_ ABSL_GUARDED_BY(mutex_);
  RestartTurns turns_;
  bool turns_filled_ = false;  // by the first sweep; of that key's turn alone
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::compute
