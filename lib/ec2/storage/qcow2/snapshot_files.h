// The files of snapshots: a volume's top becomes a layer under a new top, and layers are merged. The methods are those
// of DiskService and Disks of the same names.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"

namespace brume::storage {

// Thread-safe.
class SnapshotFiles {
 public:
  explicit SnapshotFiles(DiskDirectories& directories) : directories_(directories) {}

  absl::StatusOr<std::string> Prepare(const Volume& volume, const VolumeSnapshot& snapshot);
  absl::Status Finish(const Volume& volume, const VolumeSnapshot& snapshot);
  absl::StatusOr<bool> HasTop(const Volume& volume, const VolumeSnapshot& snapshot);
  absl::Status Abandon(const Volume& volume, const VolumeSnapshot& snapshot);
  absl::Status Merge(const VolumeSnapshot& snapshot, const std::string& base, const GoesOn& goes_on);
  absl::Status Copy(const VolumeSnapshot& snapshot, const std::string& source, const GoesOn& goes_on);

 private:
  absl::Status FillCopy(const std::string& source, const std::string& copy, const std::string& key,
                        const GoesOn& goes_on);
  // The layer's disk, for reading.
  absl::StatusOr<UniqueFd> EnsureLayer(int volume_directory, const Volume& volume, const VolumeSnapshot& snapshot);

  DiskDirectories& directories_;
};

}  // namespace brume::storage
