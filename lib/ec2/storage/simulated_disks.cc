#include "lib/ec2/storage/simulated_disks.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace brume::storage {
namespace {

constexpr char kRoot[] = "/simulated/";
constexpr int64_t kGib = int64_t{1} << 30;

}  // namespace

absl::StatusOr<ImportedImage> SimulatedDisks::Import(const ImageId& id, const std::string&) {
  MutexLock lock(mutex_);
  images_.insert(id);
  ImportedImage imported;
  imported.disk_file = "disk.qcow2";
  imported.virtual_size_bytes = 8 * kGib;
  return imported;
}

absl::Status SimulatedDisks::RemoveImage(const ImageId& id) {
  MutexLock lock(mutex_);
  for (const auto& [volume, image] : volumes_) {
    if (image == id.text()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the disk of volume ", volume.text(), " lies over image ", id.text()));
    }
  }
  images_.erase(id);
  return absl::OkStatus();
}

ImagePaths SimulatedDisks::PathsOf(const Image& image) {
  const auto path = [&](const std::string& file) {
    return file.empty() ? "" : absl::StrCat(kRoot, "layers/", image.id.text(), "/", file);
  };
  return {path(image.disk_file), path(image.kernel_file), path(image.initrd_file)};
}

absl::StatusOr<std::string> SimulatedDisks::EnsureVolume(const Volume& volume) {
  MutexLock lock(mutex_);
  volumes_.emplace(volume.id, volume.layer_id);
  return absl::StrCat(kRoot, "volumes/", volume.id.text(), "/", volume.disk_file);
}

absl::Status SimulatedDisks::RemoveVolume(const VolumeId& id) {
  MutexLock lock(mutex_);
  volumes_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SimulatedDisks::EnsureInstanceDirectory(const InstanceId& id) {
  MutexLock lock(mutex_);
  instances_.insert(id);
  return InstanceDirectory(id);
}

std::string SimulatedDisks::InstanceDirectory(const InstanceId& id) {
  return absl::StrCat(kRoot, "instances/", id.text());
}

absl::Status SimulatedDisks::RemoveInstanceDirectory(const InstanceId& id) {
  MutexLock lock(mutex_);
  instances_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SimulatedDisks::FreeBytes() { return 1024 * kGib; }

absl::StatusOr<DiskInventory> SimulatedDisks::List() {
  MutexLock lock(mutex_);
  DiskInventory inventory;
  inventory.images.assign(images_.begin(), images_.end());
  for (const auto& [volume, image] : volumes_) inventory.volumes.push_back(volume);
  inventory.instances.assign(instances_.begin(), instances_.end());
  return inventory;
}

}  // namespace brume::storage
