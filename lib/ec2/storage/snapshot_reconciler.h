// Makes the host match the snapshots' rows: takes those of volumes that no instance has, and removes the layers that
// nothing lies over any more.
#pragma once

#include <functional>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/store/database.h"

namespace brume::storage {

struct SnapshotReconcilerParts {
  store::Database& database;
  Disks& disks;
  const Clock& clock;
  // A snapshot of one of the instance's volumes is to be taken.
  std::function<void(const InstanceId& id)> wake_instance;
  // There is work on its layer: it is a copy to be made, or was taken, and the chain under it may be too long now.
  std::function<void(const SnapshotId& id)> on_layer_work;
  // A layer went: what it lay over may have lost its last user.
  std::function<void()> on_layer_removed;
  // Of a pending snapshot that is made of no volume: false while it waits for its client.
  std::function<absl::StatusOr<bool>(const VolumeSnapshot& snapshot)> settle_upload = {};
  // What was gathered of one goes. OK when there is nothing.
  std::function<absl::Status(const SnapshotId& id)> abandon_upload = {};
};

// Thread-safe.
class SnapshotReconciler {
 public:
  explicit SnapshotReconciler(SnapshotReconcilerParts parts);

  // Reconciles every pending and deleted snapshot once, then when woken.
  void Start();
  void Stop();
  void Wake(const SnapshotId& id) { loop_.Wake(id); }
  // A disk that may have lain over a deleted snapshot's layer is gone.
  void WakeAll() { loop_.Wake(Sweep()); }

 private:
  using Key = std::variant<Sweep, SnapshotId>;
  using Next = absl::StatusOr<absl::Duration>;

  Next Reconcile(const Key& key);
  Next SweepAll();
  Next ReconcileSnapshot(const SnapshotId& id);
  Next Take(const VolumeSnapshot& snapshot);
  Next Settle(const VolumeSnapshot& snapshot);
  Next Remove(const VolumeSnapshot& snapshot);

  const SnapshotReconcilerParts parts_;
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::storage
