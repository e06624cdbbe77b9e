#include "lib/ec2/storage/model/storage.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

constexpr EnumNames kImageStateNames({std::pair{ImageState::kPending, "pending"},
                                      {ImageState::kAvailable, "available"},
                                      {ImageState::kFailed, "failed"},
                                      {ImageState::kDeregistered, "deregistered"},
                                      {ImageState::kDisabled, "disabled"}});
constexpr EnumNames kBootModeNames({std::pair{BootMode::kBios, "legacy-bios"},
                                    {BootMode::kUefi, "uefi"},
                                    {BootMode::kUefiPreferred, "uefi-preferred"}});
constexpr EnumNames kProtectionNames({std::pair{DeregistrationProtection::kDisabled, "disabled"},
                                      {DeregistrationProtection::kEnabled, "enabled-without-cooldown"},
                                      {DeregistrationProtection::kEnabledWithCooldown, "enabled-with-cooldown"}});
constexpr EnumNames kVolumeStateNames({std::pair{VolumeState::kCreating, "creating"},
                                       {VolumeState::kInUse, "in-use"},
                                       {VolumeState::kAvailable, "available"},
                                       {VolumeState::kDeleting, "deleting"},
                                       {VolumeState::kError, "error"}});
constexpr EnumNames kAttachmentStateNames({std::pair{AttachmentState::kAttaching, "attaching"},
                                           {AttachmentState::kAttached, "attached"},
                                           {AttachmentState::kDetaching, "detaching"},
                                           {AttachmentState::kBusy, "busy"}});

}  // namespace

absl::string_view StateName(ImageState state) { return kImageStateNames.Of(state); }

absl::string_view BootModeName(BootMode mode) { return kBootModeNames.Of(mode); }

std::optional<BootMode> FindBootMode(absl::string_view name) { return kBootModeNames.Find(name); }

BootMode CurrentBootMode(BootMode mode, bool has_uefi) {
  if (mode != BootMode::kUefiPreferred) return mode;
  return has_uefi ? BootMode::kUefi : BootMode::kBios;
}

absl::string_view ProtectionName(DeregistrationProtection protection) { return kProtectionNames.Of(protection); }

int64_t GibOf(int64_t bytes) {
  constexpr int64_t kGib = int64_t{1} << 30;
  return std::max<int64_t>(1, (bytes + kGib - 1) / kGib);
}

int64_t RootSizeGib(const Image& image) { return GibOf(image.virtual_size_bytes); }

SnapshotId SnapshotOf(const ImageId& image) {
  if (image.empty()) return SnapshotId();
  const std::string& text = image.text();
  return SnapshotId::FromTrusted(std::string(SnapshotId::kKind.prefix) + text.substr(text.find('-')));
}

bool HasDisk(const Image& image) { return !image.disk_file.empty() || !image.root_snapshot_id.empty(); }

bool IsWhole(const Image& image) {
  return image.state == ImageState::kAvailable || image.state == ImageState::kDisabled;
}

std::vector<SnapshotId> SnapshotsOf(const Image& image) {
  std::vector<SnapshotId> snapshots;
  if (!image.root_snapshot_id.empty()) snapshots.push_back(image.root_snapshot_id);
  for (const ImageDisk& disk : image.data_disks.disks) {
    if (disk.snapshot_id.has_value()) snapshots.push_back(SnapshotId::FromTrusted(*disk.snapshot_id));
  }
  return snapshots;
}

SnapshotId RootSnapshot(const Image& image) {
  if (!image.root_snapshot_id.empty()) return image.root_snapshot_id;
  return HasDisk(image) ? SnapshotOf(image.id) : SnapshotId();
}

absl::StatusOr<VolumeType> ParseVolumeType(absl::string_view name) {
  if (const std::optional<VolumeType> found = kVolumeTypeNames.Find(name); found.has_value()) return *found;
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(name.substr(0, 64)),
                                                          ") for parameter volumeType is invalid."));
}

absl::string_view StateName(VolumeState state) { return kVolumeStateNames.Of(state); }

absl::string_view StateName(AttachmentState state) { return kAttachmentStateNames.Of(state); }

bool IsDetaching(const Volume& volume) {
  return !volume.instance_id.empty() &&
         (volume.attachment_state == AttachmentState::kDetaching || volume.attachment_state == AttachmentState::kBusy);
}

void Release(Volume& volume) {
  volume.state = VolumeState::kAvailable;
  volume.instance_id = InstanceId();
  volume.device_name.clear();
  volume.attachment_state = AttachmentState::kAttaching;
  volume.delete_on_termination = false;
}

}  // namespace brume
