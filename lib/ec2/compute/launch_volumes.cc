#include "lib/ec2/compute/launch_volumes.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

// By their names.
using DeviceMap = std::map<std::string, BlockDevice>;

absl::Status BadMapping(absl::string_view why) { return ec2::Error("InvalidBlockDeviceMapping", why); }

// Whether the volume is encrypted that is made of the source.
absl::Status Encrypt(store::Connection& connection, const BlockDevice& device, const storage::SnapshotSource& source,
                     Volume& volume) {
  const absl::StatusOr<bool> encrypted = storage::WillEncrypt(connection, device.encrypted, source);
  if (absl::IsInvalidArgument(encrypted.status())) return BadMapping(encrypted.status().message());
  RETURN_IF_ERROR(encrypted.status());
  volume.encrypted = *encrypted;
  volume.data_key_id = source.data_key_id;
  return absl::OkStatus();
}

// What a mapping asks for over a layer that has `min_gib`, 0 where there is none.
absl::Status Apply(const BlockDevice& device, int64_t min_gib, Volume& volume) {
  volume.device_name = device.device;
  volume.size_gib = device.size_gib.value_or(min_gib);
  if (device.type) volume.type = *device.type;
  volume.iops = device.iops;
  volume.throughput = device.throughput;
  volume.initialization_rate = device.initialization_rate;
  RETURN_IF_ERROR(CheckInitializationRate(device.initialization_rate, !volume.snapshot_id.empty()));
  if (volume.size_gib < min_gib) {
    return BadMapping(absl::StrCat("Volume of size ", volume.size_gib, "GB is smaller than snapshot '",
                                   volume.snapshot_id.text(), "', expect size >= ", min_gib, "GB"));
  }
  if (!CheckSize(volume.type, volume.size_gib).ok()) {
    return BadMapping(CheckSize(volume.type, volume.size_gib).message());
  }
  return CheckPerformance(
      {.type = volume.type, .size_gib = volume.size_gib, .iops = volume.iops, .throughput = volume.throughput});
}

absl::StatusOr<Volume> PlanRoot(store::Connection& connection, const Image& image, const BlockDevice& device) {
  if (device.none) {
    return BadMapping(absl::StrCat("The root device ", image.root_device_name, " cannot be left out"));
  }
  if (device.snapshot_id && *device.snapshot_id != RootSnapshot(image)) {
    RETURN_IF_ERROR(storage::CheckSnapshot(connection, *device.snapshot_id));
    return BadMapping(absl::StrCat("snapshotId cannot be modified on the root device ", image.root_device_name));
  }
  Volume volume;
  volume.snapshot_id = RootSnapshot(image);
  ASSIGN_OR_RETURN(const storage::SnapshotSource source, storage::FindSource(connection, volume.snapshot_id));
  volume.layer_id = source.layer_id;
  RETURN_IF_ERROR(Encrypt(connection, device, source, volume));
  volume.delete_on_termination = device.delete_on_termination.value_or(image.root_delete_on_termination);
  RETURN_IF_ERROR(Apply(device, RootSizeGib(image), volume));
  return volume;
}

absl::StatusOr<Volume> PlanData(store::Connection& connection, const BlockDevice& device) {
  if (!CheckDeviceName(device.device).ok()) return BadMapping(CheckDeviceName(device.device).message());
  if (!device.size_gib && !device.snapshot_id) {
    return ec2::Error("MissingParameter", absl::StrCat("The request must contain the parameter size or snapshotId of ",
                                                       "the block device ", device.device));
  }
  Volume volume;
  storage::SnapshotSource layer;
  if (device.snapshot_id) {
    ASSIGN_OR_RETURN(layer, storage::FindSource(connection, *device.snapshot_id));
    volume.snapshot_id = *device.snapshot_id;
    volume.layer_id = layer.layer_id;
  }
  RETURN_IF_ERROR(Encrypt(connection, device, layer, volume));
  volume.delete_on_termination = device.delete_on_termination.value_or(false);
  RETURN_IF_ERROR(Apply(device, layer.size_gib, volume));
  return volume;
}

// Those that every instance of the image has.
absl::StatusOr<DeviceMap> DevicesOf(const Image& image) {
  DeviceMap devices;
  const ImageDisk root = image.data_disks.root.value_or(ImageDisk());
  devices[image.root_device_name] = {
      .device = image.root_device_name, .type = root.volume_type, .iops = root.iops, .throughput = root.throughput};
  for (const ImageDisk& disk : image.data_disks.disks) {
    BlockDevice& device = devices[disk.device_name.value_or("")];
    device = {.device = disk.device_name.value_or(""),
              .asked = true,
              .delete_on_termination = disk.delete_on_termination,
              .type = disk.volume_type,
              .iops = disk.iops,
              .throughput = disk.throughput,
              .encrypted = disk.encrypted};
    if (disk.size_gib) device.size_gib = *disk.size_gib;
    if (!disk.snapshot_id.value_or("").empty()) {
      ASSIGN_OR_RETURN(device.snapshot_id, SnapshotId::Parse(*disk.snapshot_id));
    }
  }
  return devices;
}

// What the mapping says in place of what the image says.
absl::Status Override(BlockDevice& device, const BlockDevice& over) {
  if (device.encrypted == true && over.encrypted == false) {
    return BadMapping(
        absl::StrCat("The volume at ", over.device, " is encrypted by the image: encrypted cannot be false"));
  }
  device.device = over.device;
  device.none = over.none;
  device.asked = device.asked || over.asked;
  // The size of another snapshot's volume is that one's, where the size is unset.
  if (over.size_gib || over.snapshot_id) device.size_gib = over.size_gib;
  if (over.delete_on_termination) device.delete_on_termination = over.delete_on_termination;
  // Rates are of a type.
  if (over.type && over.type != device.type) device.iops = device.throughput = std::nullopt;
  if (over.type) device.type = over.type;
  if (over.iops) device.iops = over.iops;
  if (over.throughput) device.throughput = over.throughput;
  if (over.initialization_rate) device.initialization_rate = over.initialization_rate;
  if (over.snapshot_id) device.snapshot_id = over.snapshot_id;
  if (over.encrypted) device.encrypted = over.encrypted;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Volume>> PlanVolumes(store::Connection& connection, const Image& image,
                                                absl::Span<const BlockDevice> devices) {
  ASSIGN_OR_RETURN(DeviceMap wanted, DevicesOf(image));
  std::set<std::string> seen;
  for (const BlockDevice& device : devices) {
    if (!seen.insert(device.device).second) {
      return BadMapping(absl::StrCat("The device '", device.device, "' is used in more than one block-device mapping"));
    }
    const auto [of_image, is_new] = wanted.try_emplace(device.device, device);
    if (!is_new) RETURN_IF_ERROR(Override(of_image->second, device));
  }
  BlockDevice root{.device = image.root_device_name};
  std::vector<Volume> data;
  for (const auto& [name, device] : wanted) {
    if (name == image.root_device_name) {
      root = device;
    } else if (!device.none && device.asked) {
      ASSIGN_OR_RETURN(data.emplace_back(), PlanData(connection, device));
    }
  }
  std::vector<Volume> volumes;
  if (HasDisk(image)) {
    ASSIGN_OR_RETURN(volumes.emplace_back(), PlanRoot(connection, image, root));
  }
  for (Volume& volume : data) volumes.push_back(std::move(volume));
  if (volumes.size() <= kMaxVolumesOfInstance) return volumes;
  return BadMapping(absl::StrCat("An instance has at most ", kMaxVolumesOfInstance, " volumes, not ", volumes.size()));
}

}  // namespace brume::compute
