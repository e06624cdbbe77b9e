// Images, the immutable layers under them, and volumes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/base/fields.h"
#include "lib/resource/ids.h"
#include "lib/resource/state_reason.h"

namespace brume {

// kDisabled: whole, but nothing is launched or copied from it until it is enabled.
enum class ImageState { kPending = 0, kAvailable = 1, kFailed = 2, kDeregistered = 3, kDisabled = 4 };
std::true_type IsPersisted(ImageState);  // the database keeps its values
// EC2's words: "pending", "available", "failed", "deregistered", "disabled".
absl::string_view StateName(ImageState state);

// kUefiPreferred: by UEFI on a host that has the firmware, else by BIOS. Instances boot in one of the other two.
enum class BootMode { kBios = 0, kUefi = 1, kUefiPreferred = 2 };  // "legacy-bios", "uefi", "uefi-preferred"
std::true_type IsPersisted(BootMode);                              // the database keeps its values
absl::string_view BootModeName(BootMode mode);
// Unset for what is neither.
std::optional<BootMode> FindBootMode(absl::string_view name);
// How a guest of the mode boots on a host with or without UEFI firmware.
BootMode CurrentBootMode(BootMode mode, bool has_uefi);

// Whether an image is kept from being deregistered; with a cooldown, for a day more after it is disabled.
enum class DeregistrationProtection { kDisabled = 0, kEnabled = 1, kEnabledWithCooldown = 2 };
std::true_type IsPersisted(DeregistrationProtection);  // the database keeps its values
// "disabled", "enabled-without-cooldown", "enabled-with-cooldown".
absl::string_view ProtectionName(DeregistrationProtection protection);

// EC2's largest volumes have 64 TiB; more is a mistake or an attack.
inline constexpr int64_t kMaxVolumeGib = 65536;

enum class VolumeType { kStandard, kIo1, kIo2, kGp2, kGp3, kSc1, kSt1 };
inline constexpr EnumNames kVolumeTypeNames({std::pair{VolumeType::kStandard, "standard"},
                                             {VolumeType::kIo1, "io1"},
                                             {VolumeType::kIo2, "io2"},
                                             {VolumeType::kGp2, "gp2"},
                                             {VolumeType::kGp3, "gp3"},
                                             {VolumeType::kSc1, "sc1"},
                                             {VolumeType::kSt1, "st1"}});
constexpr const auto& NamesOf(VolumeType) { return kVolumeTypeNames; }
// Error: InvalidParameterValue.
absl::StatusOr<VolumeType> ParseVolumeType(absl::string_view name);

// A volume that an instance launched from an image gets beside its root volume.
struct ImageDisk {
  std::optional<std::string> device_name, snapshot_id;
  std::optional<VolumeType> volume_type;
  std::optional<int32_t> size_gib, iops, throughput;
  std::optional<bool> delete_on_termination;
  std::optional<bool> encrypted = {};  // of one without a snapshot
  static constexpr auto Fields() {
    return std::tuple(Field{"device_name", &ImageDisk::device_name}, Field{"snapshot_id", &ImageDisk::snapshot_id},
                      Field{"volume_type", &ImageDisk::volume_type}, Field{"size_gib", &ImageDisk::size_gib},
                      Field{"iops", &ImageDisk::iops}, Field{"throughput", &ImageDisk::throughput},
                      Field{"delete_on_termination", &ImageDisk::delete_on_termination},
                      Field{"encrypted", &ImageDisk::encrypted});
  }
};
struct ImageDisks {
  std::vector<ImageDisk> disks;
  std::optional<ImageDisk> root = {};  // its type, iops and throughput alone
  static constexpr auto Fields() {
    return std::tuple(Field{"disks", &ImageDisks::disks}, Field{"root", &ImageDisks::root});
  }
};

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
  // The root volume's minimum size.
  int64_t virtual_size_bytes = 0;
  bool root_delete_on_termination = true;
  // Under its root volume; empty = its own disk_file is.
  SnapshotId root_snapshot_id;
  // The image whose files kernel_file and initrd_file are; empty = its own.
  ImageId boot_image_id;
  ImageDisks data_disks;
  InstanceId source_instance_id;  // it was made of; empty = of none
  ImageId source_image_id;        // it is a copy of; empty = of none
  // Accounts that may launch it, and "all".
  std::vector<std::string> launchable_by;
  std::optional<absl::Time> deprecated_at;
  std::string catalogue_name;  // of the catalogue's entry it was imported by; empty = none
  std::string owner_alias;     // whose image it is by the catalogue: "debian"; empty = nobody's
  DeregistrationProtection protection = DeregistrationProtection::kDisabled;
  std::optional<absl::Time> protected_until;  // the end of a cooldown
  bool imds_v2 = false;                       // its instances' metadata need tokens, unless a launch says otherwise
  std::optional<absl::Time> last_launched;
  // Of a pending image whose import makes an encrypted root snapshot, whose line of disks that is of; else empty.
  std::string import_key_id;
  int64_t version = 0;
};

// Whether an instance of it has a root volume.
bool HasDisk(const Image& image);

// Whether its files and snapshots are all there and may be used: it is available or disabled.
bool IsWhole(const Image& image);

// What a disk of this size takes, in whole GiB.
int64_t GibOf(int64_t bytes);

// GiB that its root volume has at least.
int64_t RootSizeGib(const Image& image);

// The snapshot that EC2 would have made an imported image's root volume of. It is the image itself, by another name.
SnapshotId SnapshotOf(const ImageId& image);

// The snapshots that its volumes are made of, but for the one that an imported image is itself.
std::vector<SnapshotId> SnapshotsOf(const Image& image);

// The snapshot its root volumes are made of; empty where it has no disk.
SnapshotId RootSnapshot(const Image& image);

enum class VolumeState { kCreating = 0, kInUse = 1, kAvailable = 2, kDeleting = 3, kError = 4 };
std::true_type IsPersisted(VolumeState);  // the database keeps its values
// "creating", "in-use", "available", "deleting", "error".
absl::string_view StateName(VolumeState state);

// How far a volume that has an instance is. kBusy: the guest was asked to let go of it and has not.
enum class AttachmentState { kAttaching = 0, kAttached = 1, kDetaching = 2, kBusy = 3 };
std::true_type IsPersisted(AttachmentState);  // the database keeps its values
// "attaching", "attached", "detaching", "busy".
absl::string_view StateName(AttachmentState state);

// A disk: one writable file, its top, over a chain of immutable layers. It has at most one attachment, as Multi-Attach
// is refused; so the attachment stands in the same row, and both change under one version.
struct Volume {
  VolumeId id;
  SnapshotId snapshot_id;  // it was made of; empty = none
  // The id of the image or the snapshot whose layer its top lies over; empty = none.
  std::string layer_id;
  std::string disk_file = "disk.qcow2";  // the top's name in the volume's directory
  int64_t size_gib = 0;
  VolumeType type = VolumeType::kGp3;
  std::optional<int> iops, throughput;     // MiB/s; unset = what the type has
  std::optional<int> initialization_rate;  // MiB/s; kept and shown
  bool encrypted = false;
  std::string data_key_id;  // whose line of disks it is of; empty = not encrypted
  // kCreating until its files are made; then kInUse or kAvailable as it has an instance or not.
  VolumeState state = VolumeState::kCreating;
  std::string availability_zone;
  absl::Time created;
  InstanceId instance_id;   // attached to; empty = not, and the fields below mean nothing
  std::string device_name;  // "/dev/vda"
  AttachmentState attachment_state = AttachmentState::kAttaching;
  absl::Time attach_time;
  bool delete_on_termination = true;
  bool auto_enable_io = false;  // kept and shown
  // Of the call that made it, and what else that call said (gateway::ParametersDigest); empty = none.
  std::string client_token, parameters_digest;
  int64_t version = 0;
};

// Whether its guest is asked to let go of it.
bool IsDetaching(const Volume& volume);

// It has no instance any more.
void Release(Volume& volume);

}  // namespace brume
