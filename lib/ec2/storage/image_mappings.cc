#include "lib/ec2/storage/image_mappings.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {
namespace {

absl::Status BadMapping(absl::string_view why) { return ec2::Error("InvalidBlockDeviceMapping", why); }

absl::Status CheckVolume(const ImageDisk& disk) {
  const VolumeType type = disk.volume_type.value_or(VolumeType::kGp3);
  const int64_t size = disk.size_gib.value_or(0);
  if (const absl::Status good = CheckSize(type, size); !good.ok()) return BadMapping(good.message());
  return CheckPerformance({.type = type, .size_gib = size, .iops = disk.iops, .throughput = disk.throughput});
}

}  // namespace

absl::Status CheckMappings(absl::Span<const ImageMapping> mappings) {
  std::set<std::string> seen;
  for (const ImageMapping& mapping : mappings) {
    if (const absl::Status good = CheckDeviceName(mapping.device); !good.ok()) return BadMapping(good.message());
    if (!seen.insert(mapping.device).second) {
      return BadMapping(
          absl::StrCat("The device '", mapping.device, "' is used in more than one block-device mapping"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ImageDisk> NewImageDisk(store::Connection& c, const ImageMapping& mapping) {
  ImageDisk disk = mapping.disk;
  disk.device_name = mapping.device;
  disk.volume_type = disk.volume_type.value_or(VolumeType::kGp3);
  disk.delete_on_termination = disk.delete_on_termination.value_or(true);
  if (!disk.snapshot_id.has_value()) {
    if (!disk.size_gib.has_value()) {
      return ec2::Error("MissingParameter",
                        absl::StrCat("The request must contain the parameter size or snapshotId of ",
                                     "the block device ", mapping.device));
    }
    RETURN_IF_ERROR(CheckVolume(disk));
    return disk;
  }
  if (disk.encrypted.has_value()) {
    return BadMapping(absl::StrCat("The encrypted flag cannot be specified since device ", mapping.device,
                                   " has a snapshot specified: what is made of a snapshot is as encrypted as it"));
  }
  ASSIGN_OR_RETURN(const SnapshotSource source, FindSource(c, SnapshotId::FromTrusted(*disk.snapshot_id)));
  disk.size_gib = disk.size_gib.value_or(static_cast<int32_t>(source.size_gib));
  if (*disk.size_gib < source.size_gib) {
    return BadMapping(absl::StrCat("Volume of size ", *disk.size_gib, "GB is smaller than snapshot '",
                                   *disk.snapshot_id, "', expect size >= ", source.size_gib, "GB"));
  }
  RETURN_IF_ERROR(CheckVolume(disk));
  return disk;
}

absl::StatusOr<ImageDisk> ChangedImageDisk(const ImageMapping& mapping, bool encrypted, ImageDisk disk) {
  const ImageDisk& over = mapping.disk;
  if (over.snapshot_id.has_value()) {
    return BadMapping(absl::StrCat("The device ", mapping.device, " is a volume of the instance, whose snapshot the ",
                                   "image takes: snapshotId cannot be given"));
  }
  if (over.encrypted.value_or(false) && !encrypted) {
    return BadMapping(absl::StrCat("The encryption of the volume at ", mapping.device,
                                   " cannot be changed by its image: copy the image, with Encrypted"));
  }
  if (over.size_gib.value_or(*disk.size_gib) < *disk.size_gib) {
    return BadMapping(absl::StrCat("Volume of size ", *over.size_gib, "GB is smaller than the volume at ",
                                   mapping.device, ", expect size >= ", *disk.size_gib, "GB"));
  }
  if (over.size_gib) disk.size_gib = over.size_gib;
  if (over.delete_on_termination) disk.delete_on_termination = over.delete_on_termination;
  // Rates are of a type.
  if (over.volume_type && over.volume_type != disk.volume_type) disk.iops = disk.throughput = std::nullopt;
  if (over.volume_type) disk.volume_type = over.volume_type;
  if (over.iops) disk.iops = over.iops;
  if (over.throughput) disk.throughput = over.throughput;
  RETURN_IF_ERROR(CheckVolume(disk));
  return disk;
}

absl::Status CheckDiskCount(const ImageDisks& disks) {
  const size_t count = disks.disks.size() + 1;
  if (count <= kMaxVolumesOfInstance) return absl::OkStatus();
  return BadMapping(absl::StrCat("An instance has at most ", kMaxVolumesOfInstance, " volumes, not ", count));
}

}  // namespace brume::storage
