#include "lib/ec2/storage/simulated_disks.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

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

absl::StatusOr<ImportedImage> SimulatedDisks::ImportPrepared(const ImageId& id, const std::string&,
                                                             const std::string& location) {
  return Import(id, location);
}

absl::StatusOr<ImportedImage> SimulatedDisks::ImportSnapshot(const VolumeSnapshot& snapshot, const std::string&) {
  MutexLock lock(mutex_);
  snapshots_.emplace(snapshot.id, "");
  ImportedImage imported;
  imported.disk_file = "disk.qcow2";
  imported.virtual_size_bytes = 8 * kGib;
  return imported;
}

absl::StatusOr<ImportedImage> SimulatedDisks::ImportEncrypted(const EncryptedImport& import) {
  ASSIGN_OR_RETURN(ImportedImage imported, ImportSnapshot(import.root, import.path));
  imported.disk_file.clear();
  return imported;
}

absl::Status SimulatedDisks::CheckNothingOver(const std::string& layer) {
  const auto refuse = [&](const std::string& what) {
    return absl::FailedPreconditionError(absl::StrCat("the disk of ", what, " lies over ", layer));
  };
  for (const auto& [volume, below] : volumes_) {
    if (below == layer) return refuse(volume.text());
  }
  for (const auto& [snapshot, below] : snapshots_) {
    if (below == layer) return refuse(snapshot.text());
  }
  return absl::OkStatus();
}

absl::Status SimulatedDisks::RemoveImage(const ImageId& id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckNothingOver(id.text()));
  images_.erase(id);
  return absl::OkStatus();
}

absl::Status SimulatedDisks::RemoveSnapshot(const SnapshotId& id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckNothingOver(id.text()));
  snapshots_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SimulatedDisks::PrepareSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) {
  MutexLock lock(mutex_);
  snapshots_.emplace(snapshot.id, volume.layer_id);
  return absl::StrCat(kRoot, "volumes/", volume.id.text(), "/", TopOver(snapshot.id));
}

absl::Status SimulatedDisks::FinishSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) {
  MutexLock lock(mutex_);
  volumes_[volume.id] = snapshot.id.text();
  return absl::OkStatus();
}

absl::StatusOr<bool> SimulatedDisks::HasTop(const Volume&, const VolumeSnapshot& snapshot) {
  MutexLock lock(mutex_);
  return snapshots_.contains(snapshot.id);
}

absl::Status SimulatedDisks::AbandonSnapshot(const Volume&, const VolumeSnapshot& snapshot) {
  MutexLock lock(mutex_);
  snapshots_.erase(snapshot.id);
  return absl::OkStatus();
}

absl::Status SimulatedDisks::MergeLayers(const VolumeSnapshot& snapshot, const std::string& base, const GoesOn&) {
  MutexLock lock(mutex_);
  snapshots_[snapshot.id] = base;
  return absl::OkStatus();
}

absl::Status SimulatedDisks::CopyLayer(const VolumeSnapshot& snapshot, const std::string&, const GoesOn&) {
  MutexLock lock(mutex_);
  snapshots_.emplace(snapshot.id, "");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<DiskEncryption>> SimulatedDisks::EncryptionOf(const Volume& volume) {
  if (!volume.encrypted) return std::nullopt;
  return DiskEncryption{.key = absl::StrCat("simulated key of ", volume.data_key_id), .layers = {}};
}

ImagePaths SimulatedDisks::PathsOf(const Image& image) {
  const auto path = [&](const ImageId& owner, const std::string& file) {
    return file.empty() ? "" : absl::StrCat(kRoot, "layers/", owner.text(), "/", file);
  };
  const ImageId& boot = image.boot_image_id.empty() ? image.id : image.boot_image_id;
  return {path(image.id, image.disk_file), path(boot, image.kernel_file), path(boot, image.initrd_file)};
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

absl::StatusOr<std::string> SimulatedDisks::EnsureInstanceDirectory(const InstanceId& id, int64_t) {
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

absl::Status SimulatedDisks::WriteRecord(const DiskRecord& record) {
  MutexLock lock(mutex_);
  records_[record.id] = record.text;
  return absl::OkStatus();
}

absl::Status SimulatedDisks::RemoveRecord(const std::string& id) {
  MutexLock lock(mutex_);
  records_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DiskRecord>> SimulatedDisks::ReadRecords() {
  MutexLock lock(mutex_);
  std::vector<DiskRecord> all;
  for (const auto& [id, text] : records_) all.push_back({id, text});
  return all;
}

absl::StatusOr<DiskSpace> SimulatedDisks::Space() { return DiskSpace{1024 * kGib, 2048 * kGib}; }

absl::StatusOr<DiskInventory> SimulatedDisks::List() {
  MutexLock lock(mutex_);
  DiskInventory inventory;
  inventory.images.assign(images_.begin(), images_.end());
  for (const auto& [volume, below] : volumes_) inventory.volumes.push_back(volume);
  for (const auto& [snapshot, below] : snapshots_) inventory.snapshots.push_back(snapshot);
  inventory.instances.assign(instances_.begin(), instances_.end());
  return inventory;
}

}  // namespace brume::storage
