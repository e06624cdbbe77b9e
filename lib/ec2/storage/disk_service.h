// Storage's part in an instance's life: the disks of its volumes, and its directory.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/disk_encryption.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume::storage {

// Paths of an image's files for the hypervisor; empty = has none.
struct ImagePaths {
  std::string disk, kernel, initrd;
};

// Every method is idempotent and thread-safe; blocking.
class DiskService {
 public:
  virtual ~DiskService() = default;

  virtual ImagePaths PathsOf(const Image& image) = 0;
  // Makes the volume's disk, an overlay over its layer (or an empty one), and returns its path. O(1) in the layer's
  // size. An existing disk is left as it is. A volume whose state is not kCreating had a disk: DataLoss when it is
  // gone, because an empty one in its place would hide that. NotFound when the layer is not there, DataLoss when the
  // volume's disk was lost, ResourceExhausted (disk full).
  virtual absl::StatusOr<std::string> EnsureVolume(const Volume& volume) = 0;
  // What it takes to open that disk; unset of one that is not encrypted. FailedPrecondition without the host's key,
  // DataLoss when a layer is gone.
  virtual absl::StatusOr<std::optional<DiskEncryption>> EncryptionOf(const Volume& volume) = 0;
  // Gives the volume's disk to a guest that runs as this user of the host; 0 = to the user of the tools, as whom no
  // guest runs. No other guest's user opens it then, or passes to it. Only while no guest has it open. OK where the
  // disk is not there.
  virtual absl::Status GiveVolume(const VolumeId& id, int64_t user_id) = 0;
  virtual absl::Status RemoveVolume(const VolumeId& id) = 0;
  // Makes the volume's disk, which no guest has open, this large; OK when it is. Errors: Unavailable while a guest has
  // it, DataLoss when it is gone, ResourceExhausted (disk full).
  virtual absl::Status GrowVolume(const Volume& volume, int64_t size_gib) = 0;

  // A snapshot in three steps, for the guest that writes to the volume goes over from the old top to the new one
  // between the first and the last, and nothing else may open the volume's disk from the first on.
  //
  // Makes the snapshot's layer, another name of the volume's top, and an empty top over it. Returns the new top's path.
  // The layer is not yet frozen: what writes to the old top writes to it. DataLoss when the volume's disk is gone,
  // ResourceExhausted (disk full).
  virtual absl::StatusOr<std::string> PrepareSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) = 0;
  // Nothing writes to the old top any more: its file is the layer's alone from here on, for reading.
  virtual absl::Status FinishSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) = 0;
  // Whether PrepareSnapshot has made the new top.
  virtual absl::StatusOr<bool> HasTop(const Volume& volume, const VolumeSnapshot& snapshot) = 0;
  // Undoes PrepareSnapshot. Only while nothing writes to the new top.
  virtual absl::Status AbandonSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) = 0;

  // The instance's directory (console and the like) and its path. Its guest, which runs as this user of the host, may
  // pass through it (0 = the user of the tools), and no other guest's user.
  virtual absl::StatusOr<std::string> EnsureInstanceDirectory(const InstanceId& id, int64_t user_id) = 0;
  virtual std::string InstanceDirectory(const InstanceId& id) = 0;
  virtual absl::Status RemoveInstanceDirectory(const InstanceId& id) = 0;
};

}  // namespace brume::storage
