// The files of snapshots: a volume's top becomes a layer under a new top, and layers are merged. The methods are those
// of DiskService and Disks of the same names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/model/disk_encryption.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"

namespace brume::storage {

// Of a disk that is being encrypted, in its directory.
inline constexpr char kEncryptedDisk[] = ".disk.qcow2.encrypted";

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
  // Encrypts the disk of a layer that is being made, with the snapshot's key. It stands for itself, or lies over a
  // layer with that key, by the name of NameOfLayer; and it has been checked.
  absl::Status Encrypt(const VolumeSnapshot& snapshot, int directory, const std::string& path, int64_t size_bytes);

 private:
  // All that is read of the disk `from`, into `copy`, a disk that is empty and encrypted. Where both lie over `layers`,
  // what is in `from` itself, zeros too.
  absl::Status FillCopy(const std::string& from, const std::string& copy, const std::string& key, const GoesOn& goes_on,
                        const std::vector<DiskEncryption::Layer>& layers = {});
  // The layer's disk, for reading.
  absl::StatusOr<UniqueFd> EnsureLayer(int volume_directory, const Volume& volume, const VolumeSnapshot& snapshot);

  DiskDirectories& directories_;
};

}  // namespace brume::storage
