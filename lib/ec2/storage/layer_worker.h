// Work on layers that takes long and that nobody waits for. Keeps the chains of layers under volumes bounded: a layer
// that is one too many takes in those between it and the lowest; QEMU has no part in it: what guests have open stays as
// it is. And makes the encrypted copies of layers that are not.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/store/database.h"

namespace brume::storage {

struct LayerWorkerParts {
  store::Database& database;
  Disks& disks;
  // Files from a volume's top down to the lowest layer, at most; at least 4.
  int max_chain;
  const Clock& clock;
  // Nothing of the chain that was needs this layer any more; it may have lost its last user.
  std::function<void(const SnapshotId& id)> on_freed;
};

// Thread-safe. One layer at a time.
class LayerWorker {
 public:
  explicit LayerWorker(LayerWorkerParts parts);

  // Checks all chains once, then at those it is woken for.
  void Start();
  // What is under way is given up.
  void Stop();
  void Wake(const SnapshotId& id) { loop_.Wake(id); }

 private:
  using Key = std::variant<Sweep, SnapshotId>;
  using Next = absl::StatusOr<absl::Duration>;

  Next Reconcile(const Key& key);
  Next SweepAll();
  Next ReconcileSnapshot(const SnapshotId& id);
  Next Copy(VolumeSnapshot copy);
  Next ReconcileChain(const SnapshotId& top);
  absl::Status Merge(const VolumeSnapshot& snapshot, const std::string& base);
  // Neither are we stopping nor is the snapshot gone.
  bool IsWanted(const SnapshotId& id);

  const LayerWorkerParts parts_;
  std::atomic<bool> stopping_ = false;
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::storage
