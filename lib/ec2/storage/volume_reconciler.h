// Makes, grows and removes the files of volumes that have no instance; those that have one are the instance
// reconciler's work.
#pragma once

#include <functional>
#include <variant>

#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/storage/disk_service.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::storage {

// Thread-safe.
class VolumeReconciler {
 public:
  // `on_disks_freed`: a layer may have lost the last volume over it. It must not block.
  VolumeReconciler(store::Database& database, DiskService& disks, const Clock& clock,
                   std::function<void()> on_disks_freed);

  // Reconciles every volume that has work from time to time, and when woken.
  void Start();
  void Stop();
  void Wake(const VolumeId& id);

 private:
  using Key = std::variant<Sweep, VolumeId>;

  absl::StatusOr<absl::Duration> Reconcile(const Key& key);
  absl::StatusOr<absl::Duration> ReconcileVolume(const VolumeId& id);
  absl::StatusOr<absl::Duration> SweepAll();
  absl::Status Make(Volume volume);
  absl::Status Remove(const Volume& volume);
  absl::StatusOr<absl::Duration> Modify(Volume volume);

  store::Database& database_;
  DiskService& disks_;
  const Clock& clock_;
  const std::function<void()> on_disks_freed_;
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::storage
