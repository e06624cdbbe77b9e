// Port: what storage needs of the host's file system. Domain words only.
//
// Every method is idempotent and thread-safe; blocking. Nothing is ever deleted but by a Remove… call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disk_service.h"
#include "lib/ec2/storage/model/disk_space.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume::storage {

// What an import found; file names are relative to the image's layer directory.
struct ImportedImage {
  std::string disk_file, kernel_file, initrd_file;  // empty = has none
  std::string command_line;
  std::string root_device_name;       // empty = the bundle does not say
  std::optional<BootMode> boot_mode;  // none = the bundle does not say
  int64_t virtual_size_bytes = 0;
};

// An import whose disk is encrypted: it becomes the layer of the snapshot `root`. The image's own layer has what else
// there is (a kernel), and is not made where there is nothing.
struct EncryptedImport {
  ImageId id;
  std::string path, location;
  bool prepared = false;  // the path is one of ImportFiles or ExportFiles, and else below the permitted directories
  VolumeSnapshot root;    // encrypted
};

// Remains of an import or a removal that was cut off count as their image, snapshot, volume or instance.
struct DiskInventory {
  std::vector<ImageId> images;
  std::vector<SnapshotId> snapshots;  // that have layers of their own
  std::vector<VolumeId> volumes;
  std::vector<InstanceId> instances;
  // Entries under our directories that have no meaning to us, as paths.
  std::vector<std::string> unknown;
};

// What is kept outside of the database of an image, a snapshot or a volume, so that its row can be made again.
struct DiskRecord {
  std::string id;
  std::string text;
};

// Asked several times a second by what takes long; when it answers no, that ends with Cancelled.
using GoesOn = std::function<bool()>;

class Disks : public DiskService {
 public:
  // Copies what `location` names (a directory with image.json, or one qcow2 or raw file) into an immutable layer.
  // Refuses disks that refer to other files, locations outside the permitted directories, links and special files.
  // Errors: NotFound, PermissionDenied (outside the permitted directories), InvalidArgument (what is wrong with the
  // file), ResourceExhausted (disk full).
  virtual absl::StatusOr<ImportedImage> Import(const ImageId& id, const std::string& location) = 0;
  // As Import, of a file that ImportFiles prepared, wherever that lies. `location` is what the layer's manifest says.
  virtual absl::StatusOr<ImportedImage> ImportPrepared(const ImageId& id, const std::string& path,
                                                       const std::string& location) = 0;
  // The same for the layer of a snapshot that is made of no volume, encrypted where the snapshot is. What is not known
  // of the snapshot yet is not needed.
  virtual absl::StatusOr<ImportedImage> ImportSnapshot(const VolumeSnapshot& snapshot, const std::string& path) = 0;
  // As Import or ImportPrepared. No disk_file is returned, but the size of the root's.
  virtual absl::StatusOr<ImportedImage> ImportEncrypted(const EncryptedImport& import) = 0;
  // Both: FailedPrecondition while the disk of a volume or of another layer lies over it.
  virtual absl::Status RemoveImage(const ImageId& id) = 0;
  virtual absl::Status RemoveSnapshot(const SnapshotId& id) = 0;

  // Puts the text in the place of the record of this id; it is on disk when this returns.
  virtual absl::Status WriteRecord(const DiskRecord& record) = 0;
  // OK when there is none.
  virtual absl::Status RemoveRecord(const std::string& id) = 0;
  // All of them, in no order.
  virtual absl::StatusOr<std::vector<DiskRecord>> ReadRecords() = 0;

  // Makes the snapshot's layer lie over the layer `base`, which is under it already, at once: it takes in what those
  // between have. What is read of it stays as it is, also by guests that have it open. Errors: Cancelled,
  // ResourceExhausted (disk full), NotFound or DataLoss when a layer is not there or damaged.
  virtual absl::Status MergeLayers(const VolumeSnapshot& snapshot, const std::string& base, const GoesOn& goes_on) = 0;

  // Makes the layer of an encrypted snapshot of all that is read of the layer `source`. Errors: as MergeLayers.
  virtual absl::Status CopyLayer(const VolumeSnapshot& snapshot, const std::string& source, const GoesOn& goes_on) = 0;

  virtual absl::StatusOr<DiskSpace> Space() = 0;
  virtual absl::StatusOr<DiskInventory> List() = 0;
};

}  // namespace brume::storage
