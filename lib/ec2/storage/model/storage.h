// Images, the immutable layers under them, and volumes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"
#include "lib/resource/state_reason.h"

namespace brume {

enum class ImageState { kPending = 0, kAvailable = 1, kFailed = 2, kDeregistered = 3 };
std::true_type IsPersisted(ImageState);  // the database keeps its values
// EC2's words: "pending", "available", "failed", "deregistered".
absl::string_view StateName(ImageState state);

enum class BootMode { kBios = 0, kUefi = 1 };  // "legacy-bios", "uefi"
std::true_type IsPersisted(BootMode);          // the database keeps its values
absl::string_view BootModeName(BootMode mode);
// Unset for what is neither.
std::optional<BootMode> FindBootMode(absl::string_view name);

struct Image {
  ImageId id;
  std::string name;
  std::string description;
  std::string location;  // as registered
  std::string architecture = "x86_64";
  ImageState state = ImageState::kPending;
  StateReason state_reason;
  absl::Time created;
  std::string root_device_name = "/dev/vda";
  BootMode boot_mode = BootMode::kBios;
  // Names of files in the image's layer directory; empty = the image has none. A kernel means direct boot.
  std::string disk_file, kernel_file, initrd_file;
  std::string command_line;
  // The root volume's least size.
  int64_t virtual_size_bytes = 0;
  bool root_delete_on_termination = true;
  int64_t version = 0;
};

// GiB that its root volume has at least.
int64_t RootSizeGib(const Image& image);

// The snapshot that EC2 would have made the image's root volume of. It is the image itself, by another name.
SnapshotId SnapshotOf(const ImageId& image);

enum class VolumeState { kCreating = 0, kInUse = 1, kAvailable = 2, kDeleting = 3 };
std::true_type IsPersisted(VolumeState);  // the database keeps its values
// "creating", "in-use", "available", "deleting".
absl::string_view StateName(VolumeState state);

// A root volume; its disk is an overlay over the image's disk.
struct Volume {
  VolumeId id;
  ImageId image_id;  // whose disk lies under it; empty = none
  int64_t size_gib = 0;
  std::string type = "gp3";
  std::optional<int> iops, throughput;  // MiB/s; unset = what the type has
  VolumeState state = VolumeState::kCreating;
  std::string availability_zone;
  absl::Time created;
  InstanceId instance_id;   // attached to; empty = not
  std::string device_name;  // "/dev/vda"
  absl::Time attach_time;
  bool delete_on_termination = true;
  int64_t version = 0;
};

// "attaching", "attached", "detaching": how far a volume that has an instance is.
absl::string_view AttachmentStatus(const Volume& volume);

}  // namespace brume
