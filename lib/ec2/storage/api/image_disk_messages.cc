#include "lib/ec2/storage/api/image_disk_messages.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<ImageDisk> ParseVolume(const v1::EbsBlockDevice& ebs) {
  ImageDisk disk;
  if (ebs.has_volume_initialization_rate()) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameter VolumeInitializationRate is of launches and not of images");
  }
  if (!ebs.snapshot_id().empty()) {
    ASSIGN_OR_RETURN(const SnapshotId snapshot, SnapshotId::Parse(ebs.snapshot_id()));
    disk.snapshot_id = snapshot.text();
  }
  if (ebs.has_volume_type()) {
    ASSIGN_OR_RETURN(disk.volume_type, ParseVolumeType(ebs.volume_type()));
  }
  if (ebs.has_volume_size()) disk.size_gib = ebs.volume_size();
  if (ebs.has_iops()) disk.iops = ebs.iops();
  if (ebs.has_throughput()) disk.throughput = ebs.throughput();
  if (ebs.has_delete_on_termination()) disk.delete_on_termination = ebs.delete_on_termination();
  if (ebs.has_encrypted()) disk.encrypted = ebs.encrypted();
  return disk;
}

absl::StatusOr<storage::ImageMapping> ParseMapping(const v1::BlockDeviceMapping& mapping, const Account& account) {
  std::optional<absl::string_view> no_device;
  if (mapping.has_no_device()) no_device = mapping.no_device();
  storage::ImageMapping parsed{.device = mapping.device_name(),
                               .none = LeavesOut(no_device, mapping.has_ebs()) || mapping.has_virtual_name(),
                               .disk = {}};
  if (mapping.has_virtual_name()) RETURN_IF_ERROR(CheckVirtualName(mapping.virtual_name()));
  if (parsed.device.empty()) return ec2::Error(ec2::kMissingParameter, "blockDeviceMapping.deviceName");
  if (parsed.none == mapping.has_ebs()) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("The block device ", parsed.device,
                                   mapping.has_virtual_name() ? " has a volume and virtualName both"
                                   : parsed.none              ? " has a volume and noDevice both"
                                                              : " has neither ebs nor noDevice"));
  }
  RETURN_IF_ERROR(storage::CheckKmsKey(mapping.ebs().kms_key_id(), mapping.ebs().encrypted(), account));
  ASSIGN_OR_RETURN(parsed.disk, ParseVolume(mapping.ebs()));
  return parsed;
}

void RenderPerformance(const ImageDisk& disk, v1::EbsBlockDevice& ebs) {
  ebs.set_volume_type(std::string(kVolumeTypeNames.Of(disk.volume_type.value_or(VolumeType::kGp3))));
  if (disk.iops) ebs.set_iops(*disk.iops);
  if (disk.throughput) ebs.set_throughput(*disk.throughput);
}

v1::BlockDeviceMapping RenderRoot(const storage::ImageView& view) {
  const Image& image = view.image;
  v1::BlockDeviceMapping mapping;
  mapping.set_device_name(image.root_device_name);
  v1::EbsBlockDevice& ebs = *mapping.mutable_ebs();
  ebs.set_delete_on_termination(image.root_delete_on_termination);
  if (image.virtual_size_bytes > 0) ebs.set_volume_size(static_cast<int>(RootSizeGib(image)));
  RenderPerformance(image.data_disks.root.value_or(ImageDisk()), ebs);
  const SnapshotId snapshot = RootSnapshot(image);
  ebs.set_encrypted(view.encrypted.contains(snapshot.text()));
  ebs.set_snapshot_id(snapshot.empty() ? SnapshotOf(image.id).text() : snapshot.text());
  return mapping;
}

v1::BlockDeviceMapping RenderDisk(const ImageDisk& disk, bool encrypted) {
  v1::BlockDeviceMapping mapping;
  mapping.set_device_name(disk.device_name.value_or(""));
  v1::EbsBlockDevice& ebs = *mapping.mutable_ebs();
  if (disk.snapshot_id) ebs.set_snapshot_id(*disk.snapshot_id);
  if (disk.size_gib) ebs.set_volume_size(*disk.size_gib);
  RenderPerformance(disk, ebs);
  ebs.set_delete_on_termination(disk.delete_on_termination.value_or(false));
  ebs.set_encrypted(encrypted);
  return mapping;
}

}  // namespace

absl::StatusOr<std::vector<storage::ImageMapping>> ParseMappings(const BlockDeviceMappings& mappings,
                                                                 const Account& account) {
  std::vector<storage::ImageMapping> parsed;
  for (const v1::BlockDeviceMapping& mapping : mappings) {
    ASSIGN_OR_RETURN(parsed.emplace_back(), ParseMapping(mapping, account));
  }
  RETURN_IF_ERROR(storage::CheckMappings(parsed));
  return parsed;
}

BlockDeviceMappings RenderDisks(const storage::ImageView& view) {
  BlockDeviceMappings mappings;
  *mappings.Add() = RenderRoot(view);
  for (const ImageDisk& disk : view.image.data_disks.disks) {
    const bool encrypted = disk.encrypted.value_or(false) || view.encrypted.contains(disk.snapshot_id.value_or(""));
    *mappings.Add() = RenderDisk(disk, encrypted);
  }
  return mappings;
}

}  // namespace brume::ec2
