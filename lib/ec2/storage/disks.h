// Port: what storage needs of the host's file system. Domain words only.
//
// Every method is idempotent and thread-safe; blocking. Nothing is ever deleted but by a Remove… call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
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

// Paths of an image's files for the hypervisor; empty = has none.
struct ImagePaths {
  std::string disk, kernel, initrd;
};

// Remains of an import or a removal that was cut off count as their image, volume or instance.
struct DiskInventory {
  std::vector<ImageId> images;
  std::vector<VolumeId> volumes;
  std::vector<InstanceId> instances;
  // Entries under our directories that have no meaning to us, as paths.
  std::vector<std::string> unknown;
};

class Disks {
 public:
  virtual ~Disks() = default;

  // Copies what `location` names (a directory with image.json, or one qcow2 or raw file) into an immutable layer.
  // Refuses disks that refer to other files, locations outside the permitted directories, links and special files.
  // Errors: NotFound, PermissionDenied (outside the permitted directories), InvalidArgument (what is wrong with the
  // file), ResourceExhausted (disk full).
  virtual absl::StatusOr<ImportedImage> Import(const ImageId& id, const std::string& location) = 0;
  // FailedPrecondition while the disk of a volume lies over it.
  virtual absl::Status RemoveImage(const ImageId& id) = 0;
  virtual ImagePaths PathsOf(const Image& image) = 0;

  // Makes the volume's disk, an overlay over the image's disk (or an empty one), and returns its path. O(1) in the
  // image's size. An existing disk is left as it is. A volume whose state is not kCreating had a disk: DataLoss when it
  // is gone, because an empty one in its place would hide that. NotFound when the image's disk is not there, DataLoss
  // when the volume's was lost, ResourceExhausted (disk full).
  virtual absl::StatusOr<std::string> EnsureVolume(const Volume& volume, const Image& image) = 0;
  virtual absl::Status RemoveVolume(const VolumeId& id) = 0;

  // The instance's directory (console and the like) and its path.
  virtual absl::StatusOr<std::string> EnsureInstanceDirectory(const InstanceId& id) = 0;
  virtual std::string InstanceDirectory(const InstanceId& id) = 0;
  virtual absl::Status RemoveInstanceDirectory(const InstanceId& id) = 0;

  virtual absl::StatusOr<int64_t> FreeBytes() = 0;
  virtual absl::StatusOr<DiskInventory> List() = 0;
};

}  // namespace brume::storage
