// Imports pending images and takes deregistered ones away when nothing lies over them.
#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "lib/base/clock.h"
#include "lib/base/reconcile_loop.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::storage {

// Whether instances that are not terminated were launched from the image. Takes part in the caller's transaction.
using HasInstances = std::function<absl::StatusOr<bool>(store::Connection& connection, const ImageId& image)>;

// Thread-safe.
class ImageReconciler {
 public:
  ImageReconciler(store::Database& database, Disks& disks, const Clock& clock, HasInstances has_instances);

  // Reconciles every pending and deregistered image once, then when woken.
  void Start();
  void Stop();
  void Wake(const ImageId& id);
  // Something that may have lain over a deregistered image is gone.
  void WakeAll();

 private:
  using Key = std::variant<Sweep, ImageId>;

  absl::StatusOr<absl::Duration> Reconcile(const Key& key);
  absl::StatusOr<absl::Duration> ReconcileImage(const ImageId& id);
  absl::StatusOr<absl::Duration> SweepAll();
  absl::StatusOr<absl::Duration> Import(Image image);
  absl::StatusOr<absl::Duration> AwaitSnapshots(Image image);
  // Of files, into a layer of the image's or, encrypted, of a snapshot's.
  absl::StatusOr<ImportedImage> MakeLayer(const Image& image);
  // With the root snapshot that was made, where there is one.
  absl::StatusOr<absl::Duration> Commit(Image& image, const std::optional<VolumeSnapshot>& root = std::nullopt);
  absl::StatusOr<absl::Duration> Remove(const Image& image);
  absl::Status RemoveUnknownSnapshots(const Image& image);

  store::Database& database_;
  Disks& disks_;
  const Clock& clock_;
  const HasInstances has_instances_;
  ReconcileLoop<Key> loop_;
};

}  // namespace brume::storage
