#include "lib/ec2/storage/image_reconciler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/failure_kind.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/model/stored_image.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::storage {
namespace {

// An import that fails for want of something that may come back (a full disk, a busy host) is tried so long.
constexpr absl::Duration kImportTimeout = absl::Minutes(10);

// Of an image that is imported encrypted.
VolumeSnapshot EncryptedRootOf(const Image& image) {
  VolumeSnapshot snapshot;
  snapshot.id = SnapshotOf(image.id);
  snapshot.description = absl::StrCat("Created by RegisterImage for ", image.id.text());
  snapshot.state = SnapshotState::kCompleted;
  snapshot.started = image.created;
  snapshot.layer_id = snapshot.id.text();
  snapshot.encrypted = true;
  snapshot.data_key_id = image.import_key_id;
  return snapshot;
}

}  // namespace

ImageReconciler::ImageReconciler(store::Database& database, Disks& disks, const Clock& clock,
                                 HasInstances has_instances)
    : database_(database),
      disks_(disks),
      clock_(clock),
      has_instances_(std::move(has_instances)),
      loop_({.name = "image", .threads = 2}, [this](const Key& key) { return Reconcile(key); }) {}

void ImageReconciler::Start() {
  loop_.Start();
  WakeAll();
}

void ImageReconciler::Stop() { loop_.Stop(); }

void ImageReconciler::Wake(const ImageId& id) { loop_.Wake(id); }

void ImageReconciler::WakeAll() { loop_.Wake(Sweep()); }

absl::StatusOr<absl::Duration> ImageReconciler::Reconcile(const Key& key) {
  const ImageId* const id = std::get_if<ImageId>(&key);
  return id != nullptr ? ReconcileImage(*id) : SweepAll();
}

absl::StatusOr<absl::Duration> ImageReconciler::SweepAll() {
  ASSIGN_OR_RETURN(const std::vector<Image> images,
                   database_.ReadFor([](store::Connection& c) { return ImageTable(c).List(true); }));
  for (const Image& image : images) {
    if (image.state == ImageState::kPending || image.state == ImageState::kDeregistered) Wake(image.id);
  }
  return absl::InfiniteDuration();
}

absl::StatusOr<absl::Duration> ImageReconciler::ReconcileImage(const ImageId& id) {
  absl::StatusOr<Image> image = database_.ReadFor([&](store::Connection& c) { return ImageTable(c).Get(id); });
  if (absl::IsNotFound(image.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(image.status());
  switch (image->state) {
    case ImageState::kPending:
      if (IsRestored(*image)) return absl::InfiniteDuration();  // ExportReconciler's work
      return HasDisk(*image) ? AwaitSnapshots(*std::move(image)) : Import(*std::move(image));
    case ImageState::kDeregistered:
      return Remove(*image);
    case ImageState::kAvailable:
    case ImageState::kFailed:
    case ImageState::kDisabled:
      return absl::InfiniteDuration();
  }
  return absl::InfiniteDuration();
}

absl::StatusOr<ImportedImage> ImageReconciler::MakeLayer(const Image& image) {
  if (image.import_key_id.empty()) return disks_.Import(image.id, image.location);
  return disks_.ImportEncrypted({.id = image.id,
                                 .path = image.location,
                                 .location = image.location,
                                 .prepared = false,
                                 .root = EncryptedRootOf(image)});
}

absl::StatusOr<absl::Duration> ImageReconciler::Import(Image image) {
  const absl::StatusOr<ImportedImage> imported = MakeLayer(image);
  std::optional<VolumeSnapshot> root;
  RETURN_IF_ERROR(Failpoint("image.imported"));
  if (imported.ok()) {
    image.state = ImageState::kAvailable;
    image.disk_file = imported->disk_file;
    image.kernel_file = imported->kernel_file;
    image.initrd_file = imported->initrd_file;
    image.command_line = imported->command_line;
    image.virtual_size_bytes = imported->virtual_size_bytes;
    if (!image.import_key_id.empty() && imported->virtual_size_bytes > 0) {
      root = EncryptedRootOf(image);
      root->size_gib = RootSizeGib(image);
      image.root_snapshot_id = root->id;
    }
    image.import_key_id.clear();
    if (imported->boot_mode) image.boot_mode = *imported->boot_mode;
    if (image.root_device_name.empty()) image.root_device_name = imported->root_device_name;
    if (image.root_device_name.empty()) image.root_device_name = "/dev/vda";
  } else {
    const bool may_pass = FailureKindOf(imported.status()) == FailureKind::kTransient;
    if (may_pass && clock_.Now() < image.created + kImportTimeout) return imported.status();
    // What cannot be is not left in part.
    if (!image.import_key_id.empty()) RETURN_IF_ERROR(disks_.RemoveSnapshot(SnapshotOf(image.id)));
    image.state = ImageState::kFailed;
    image.state_reason = {"Client.InvalidImage", ToUtf8(imported.status().message())};
    log::Warn("image {} from {} cannot be imported: {}", image.id.text(), image.location, imported.status().message());
  }
  return Commit(image, root);
}

// Of an image that is made of an instance.
absl::StatusOr<absl::Duration> ImageReconciler::AwaitSnapshots(Image image) {
  constexpr absl::Duration kPoll = absl::Milliseconds(100);
  const std::vector<SnapshotId> ids = SnapshotsOf(image);
  bool pending = false;
  std::string lost;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    for (const SnapshotId& id : ids) {
      const absl::StatusOr<VolumeSnapshot> snapshot = SnapshotTable(c).Get(id);
      if (!snapshot.ok() && !absl::IsNotFound(snapshot.status())) return snapshot.status();
      if (snapshot.ok() && snapshot->state == SnapshotState::kCompleted) continue;
      if (!snapshot.ok() && CheckSnapshot(c, id).ok()) continue;  // an imported image by another name
      if (snapshot.ok() && snapshot->state == SnapshotState::kPending) {
        pending = true;
      } else {
        lost = absl::StrCat("The snapshot ", id.text(), " could not be taken");
      }
    }
    return absl::OkStatus();
  }));
  if (pending) return kPoll;
  image.state = lost.empty() ? ImageState::kAvailable : ImageState::kFailed;
  if (!lost.empty()) image.state_reason = {"Client.InvalidSnapshot", lost};
  return Commit(image);
}

absl::StatusOr<absl::Duration> ImageReconciler::Commit(Image& image, const std::optional<VolumeSnapshot>& root) {
  const absl::Status updated = database_.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(ImageTable(c).Update(image));
    return root.has_value() ? SnapshotTable(c).Insert(*root) : absl::OkStatus();
  });
  // Lost against a Deregister: its wake reconciles again and removes the files.
  if (absl::IsAborted(updated)) return absl::ZeroDuration();
  RETURN_IF_ERROR(updated);
  log::Info("image {} is {}", image.id.text(), StateName(image.state));
  return absl::InfiniteDuration();
}

// An import or a restore that was cut off may have made layers of snapshots, which have no rows until it is done.
absl::Status ImageReconciler::RemoveUnknownSnapshots(const Image& image) {
  std::vector<SnapshotId> ids = SnapshotsOf(image);
  if (!image.import_key_id.empty()) ids.push_back(SnapshotOf(image.id));
  for (const SnapshotId& id : ids) {
    const absl::Status known =
        database_.ReadFor([&](store::Connection& c) { return SnapshotTable(c).Get(id); }).status();
    if (absl::IsNotFound(known)) RETURN_IF_ERROR(disks_.RemoveSnapshot(id));
    if (!known.ok() && !absl::IsNotFound(known)) return known;
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> ImageReconciler::Remove(const Image& image) {
  const absl::Time now = clock_.Now();
  const absl::StatusOr<absl::Duration> remaining = RemainingInBin<ImageTable>(database_, image, now);
  if (absl::IsAborted(remaining.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(remaining.status());
  if (*remaining > absl::ZeroDuration()) return std::min(*remaining, kBinPoll);
  ASSIGN_OR_RETURN(const bool in_use, database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const int64_t users, ImageTable(c).CountUsers(image.id));
    if (users > 0) return true;
    return has_instances_(c, image.id);
  }));
  if (in_use) return absl::InfiniteDuration();
  RETURN_IF_ERROR(disks_.RemoveImage(image.id));
  RETURN_IF_ERROR(RemoveUnknownSnapshots(image));
  RETURN_IF_ERROR(Failpoint("image.removed"));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(tagging::DeleteTags(c, image.id.text()));
    RETURN_IF_ERROR(LeaveBin(c, image.id.text(), now));
    return ImageTable(c).Delete(image.id);
  }));
  log::Info("image {} and its files are gone", image.id.text());
  return absl::InfiniteDuration();
}

}  // namespace brume::storage
