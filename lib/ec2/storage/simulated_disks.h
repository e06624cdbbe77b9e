// Disks that are only remembered: for `brumed --simulate`, where guests have none, and for tests.
#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/ec2/storage/disks.h"

namespace brume::storage {

// Every import finds an image with a disk of 8 GiB, whatever its location; no file is read or made. What it remembers
// ends with the process, so List has less than the rows say after a restart, never more. Thread-safe.
class SimulatedDisks final : public Disks {
 public:
  absl::StatusOr<ImportedImage> Import(const ImageId& id, const std::string& location) override;
  absl::StatusOr<ImportedImage> ImportPrepared(const ImageId& id, const std::string& path,
                                               const std::string& location) override;
  absl::StatusOr<ImportedImage> ImportSnapshot(const VolumeSnapshot& snapshot, const std::string& path) override;
  absl::StatusOr<ImportedImage> ImportEncrypted(const EncryptedImport& import) override;
  absl::Status RemoveImage(const ImageId& id) override;
  ImagePaths PathsOf(const Image& image) override;
  absl::StatusOr<std::string> EnsureVolume(const Volume& volume) override;
  absl::StatusOr<std::optional<DiskEncryption>> EncryptionOf(const Volume& volume) override;
  absl::Status GiveVolume(const VolumeId&, int64_t) override { return absl::OkStatus(); }
  absl::Status RemoveVolume(const VolumeId& id) override;
  absl::Status GrowVolume(const Volume&, int64_t) override { return absl::OkStatus(); }
  absl::StatusOr<std::string> PrepareSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::Status FinishSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::StatusOr<bool> HasTop(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::Status AbandonSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::Status RemoveSnapshot(const SnapshotId& id) override;
  absl::Status CopyLayer(const VolumeSnapshot& snapshot, const std::string& source, const GoesOn& goes_on) override;
  absl::Status MergeLayers(const VolumeSnapshot& snapshot, const std::string& base, const GoesOn& goes_on) override;
  absl::StatusOr<std::string> EnsureInstanceDirectory(const InstanceId& id, int64_t user_id) override;
  std::string InstanceDirectory(const InstanceId& id) override;
  absl::Status RemoveInstanceDirectory(const InstanceId& id) override;
  absl::Status WriteRecord(const DiskRecord& record) override;
  absl::Status RemoveRecord(const std::string& id) override;
  absl::StatusOr<std::vector<DiskRecord>> ReadRecords() override;
  absl::StatusOr<DiskSpace> Space() override;
  absl::StatusOr<DiskInventory> List() override;

 private:
  Mutex mutex_;
  std::set<ImageId> images_ ABSL_GUARDED_BY(mutex_);
  absl::Status CheckNothingOver(const std::string& layer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // By the layer under each.
  std::map<VolumeId, std::string> volumes_ ABSL_GUARDED_BY(mutex_);
  std::map<SnapshotId, std::string> snapshots_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> records_ ABSL_GUARDED_BY(mutex_);
  std::set<InstanceId> instances_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::storage
