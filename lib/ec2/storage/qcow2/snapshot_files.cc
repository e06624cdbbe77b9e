#include "lib/ec2/storage/qcow2/snapshot_files.h"

#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/ec2/storage/qcow2/disk_chain.h"
#include "lib/ec2/storage/qcow2/layer_merge.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"

namespace brume::storage {

absl::StatusOr<UniqueFd> SnapshotFiles::EnsureLayer(int volume_directory, const Volume& volume,
                                                    const VolumeSnapshot& snapshot) {
  const std::string id = snapshot.id.text();
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directories_.layers.get(), id));
  if (have != EntryKind::kNone) {
    // Who gave it its name may have died before that was on disk, and the volume is about to give up its own.
    RETURN_IF_ERROR(SyncDirectory(directories_.layers.get(), id));
    ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories_.layers.get(), id));
    return OpenForReading(directory.get(), kLayerDisk);
  }
  ASSIGN_OR_RETURN(UniqueFd disk, OpenForReading(volume_directory, volume.disk_file));
  ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
  ASSIGN_OR_RETURN(const int64_t size, VirtualSize(start));
  const std::string partial = Partial(id);
  RETURN_IF_ERROR(RemoveTreeAt(directories_.layers.get(), partial));
  Undo undo;
  undo.Push([&] { RemoveRemains(directories_.layers.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(directories_.layers.get(), partial, 0755, Owner{}));
  RETURN_IF_ERROR(LinkAt(volume_directory, volume.disk_file, directory.get(), kLayerDisk));
  RETURN_IF_ERROR(WriteManifest(directory.get(), kLayerManifest, SnapshotManifest(snapshot, size), 0444));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.layer_linked"));
  RETURN_IF_ERROR(RenameAt(directories_.layers.get(), partial, id));
  undo.Dismiss();
  return disk;
}

absl::StatusOr<std::string> SnapshotFiles::Prepare(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(directories_.locks, volume.id.text());
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(directories_.volumes.get(), volume.id.text());
  if (absl::IsNotFound(directory.status())) {
    return absl::DataLossError(absl::StrCat("the disk of volume ", volume.id.text(), " was there and is gone"));
  }
  RETURN_IF_ERROR(directory.status());
  ASSIGN_OR_RETURN(const UniqueFd layer, EnsureLayer(directory->get(), volume, snapshot));
  const std::string top = TopOver(snapshot.id), partial = Partial(snapshot.id.text());
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directory->get(), top));
  if (have == EntryKind::kNone) {
    ASSIGN_OR_RETURN(const std::string start, ReadStart(layer.get(), kHeaderBytes));
    ASSIGN_OR_RETURN(const int64_t size, VirtualSize(start));
    RETURN_IF_ERROR(RemoveTreeAt(directory->get(), partial));
    // The guest that writes to the old top opens the new one.
    ASSIGN_OR_RETURN(const Owner owner, OwnerOfDisk(directories_, directory->get(), volume.disk_file));
    RETURN_IF_ERROR(WriteDisk(directories_, {.directory = directory->get(),
                                             .path = directories_.PathOf(kVolumes, volume.id.text()),
                                             .name = partial,
                                             .size_bytes = size,
                                             .below = NameOfLayer(snapshot.id.text(), kLayerDisk),
                                             .data_key_id = volume.data_key_id,
                                             .owner = owner}));
    RETURN_IF_ERROR(Failpoint("disks.top_made"));
    RETURN_IF_ERROR(RenameAt(directory->get(), partial, top));
  } else {
    RETURN_IF_ERROR(SyncDirectory(directory->get(), top));
  }
  return absl::StrCat(directories_.PathOf(kVolumes, volume.id.text()), "/", top);
}

absl::Status SnapshotFiles::Finish(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(directories_.locks, volume.id.text());
  ASSIGN_OR_RETURN(const UniqueFd layer, OpenDirectoryAt(directories_.layers.get(), snapshot.id.text()));
  ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(layer.get(), kLayerDisk));
  RETURN_IF_ERROR(Settle(disk.get(), 0444, Owner{}, kLayerDisk));
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories_.volumes.get(), volume.id.text()));
  ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
  ASSIGN_OR_RETURN(const int64_t size, VirtualSize(start));
  Volume after = volume;
  after.disk_file = TopOver(snapshot.id);
  after.layer_id = snapshot.id.text();
  RETURN_IF_ERROR(ReplaceFileAt(directory.get(), kVolumeManifest, VolumeManifest(after, size), 0600));
  RETURN_IF_ERROR(Failpoint("disks.snapshot_frozen"));
  if (volume.disk_file == after.disk_file) return absl::OkStatus();
  RETURN_IF_ERROR(RemoveTreeAt(directory.get(), volume.disk_file));
  return SyncDirectory(directory.get(), volume.id.text());
}

absl::StatusOr<bool> SnapshotFiles::HasTop(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(directories_.volumes.get(), volume.id.text());
  if (absl::IsNotFound(directory.status())) return false;
  RETURN_IF_ERROR(directory.status());
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directory->get(), TopOver(snapshot.id)));
  return have != EntryKind::kNone;
}

absl::Status SnapshotFiles::Abandon(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(directories_.locks, volume.id.text());
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(directories_.volumes.get(), volume.id.text());
  if (!absl::IsNotFound(directory.status())) {
    RETURN_IF_ERROR(directory.status());
    RETURN_IF_ERROR(RemoveTreeAt(directory->get(), TopOver(snapshot.id)));
    RETURN_IF_ERROR(RemoveTreeAt(directory->get(), Partial(snapshot.id.text())));
  }
  return RemoveEntry(directories_.layers.get(), snapshot.id.text());
}

absl::Status SnapshotFiles::Merge(const VolumeSnapshot& snapshot, const std::string& base, const GoesOn& goes_on) {
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(directories_.locks, snapshot.id.text());
  ASSIGN_OR_RETURN(const ImportedImage below, FindLayerDisk(directories_, base));
  ASSIGN_OR_RETURN(const UniqueFd layer, OpenDirectoryAt(directories_.layers.get(), snapshot.id.text()));
  ASSIGN_OR_RETURN(const std::vector<DiskEncryption::Layer> layers, LayersUnder(directories_, layer.get(), kLayerDisk));
  std::string key;
  if (snapshot.encrypted) {
    ASSIGN_OR_RETURN(key, directories_.keys.KeyOf(snapshot.data_key_id));
  }
  ASSIGN_OR_RETURN(const int64_t size, MergeDisk({.layer = layer.get(),
                                                  .path = directories_.PathOf(kLayers, snapshot.id.text()),
                                                  .layers = LayersPath(directories_),
                                                  .below = NameOfLayer(base, below.disk_file),
                                                  .guests = directories_.guests,
                                                  .chain = layers,
                                                  .key = std::move(key),
                                                  .goes_on = goes_on}));
  VolumeSnapshot after = snapshot;
  after.below = base;
  return ReplaceFileAt(layer.get(), kLayerManifest, SnapshotManifest(after, size), 0444);
}

absl::Status SnapshotFiles::FillCopy(const std::string& from, const std::string& copy, const std::string& key,
                                     const GoesOn& goes_on, const std::vector<DiskEncryption::Layer>& layers) {
  std::vector<std::string> arguments = {"convert", "-q", "-n"};
  if (layers.empty()) {
    arguments.push_back("--target-is-zero");
  } else {
    arguments.insert(arguments.end(), {"-B", layers.front().path});
  }
  arguments.insert(arguments.end(),
                   {"--image-opts", "--target-image-opts", ImageOptions(from, /*encrypted=*/false, layers),
                    ImageOptions(copy, /*encrypted=*/true, layers)});
  return RunQemuImg(arguments, {.user = directories_.guests,
                                .readable = {LayersPath(directories_), from},
                                .writable = {copy},
                                .timeout = absl::Hours(12),
                                .goes_on = goes_on,
                                .key = key});
}

absl::Status SnapshotFiles::Copy(const VolumeSnapshot& snapshot, const std::string& source, const GoesOn& goes_on) {
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const std::string id = snapshot.id.text(), partial = Partial(id);
  const KeyedLocks::Holder holder(directories_.locks, id);
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directories_.layers.get(), id));
  if (have != EntryKind::kNone) return SyncDirectory(directories_.layers.get(), id);
  ASSIGN_OR_RETURN(const ImportedImage from, FindLayerDisk(directories_, source));
  ASSIGN_OR_RETURN(const std::string key, directories_.keys.KeyOf(snapshot.data_key_id));
  RETURN_IF_ERROR(RemoveTreeAt(directories_.layers.get(), partial));
  Undo undo;
  undo.Push([&] { RemoveRemains(directories_.layers.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(directories_.layers.get(), partial, 0755, Owner{}));
  const std::string path = directories_.PathOf(kLayers, partial);
  RETURN_IF_ERROR(WriteDisk(directories_, {.directory = directory.get(),
                                           .path = path,
                                           .name = kLayerDisk,
                                           .size_bytes = from.virtual_size_bytes,
                                           .below = "",
                                           .data_key_id = snapshot.data_key_id}));
  RETURN_IF_ERROR(FillCopy(absl::StrCat(directories_.PathOf(kLayers, source), "/", from.disk_file),
                           absl::StrCat(path, "/", kLayerDisk), key, goes_on));
  ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(directory.get(), kLayerDisk));
  RETURN_IF_ERROR(Settle(disk.get(), 0444, Owner{}, kLayerDisk));
  VolumeSnapshot after = snapshot;
  after.below.clear();
  RETURN_IF_ERROR(
      WriteManifest(directory.get(), kLayerManifest, SnapshotManifest(after, from.virtual_size_bytes), 0444));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.copy_filled"));
  RETURN_IF_ERROR(RenameAt(directories_.layers.get(), partial, id));
  undo.Dismiss();
  return absl::OkStatus();
}

absl::Status SnapshotFiles::Encrypt(const VolumeSnapshot& snapshot, int directory, const std::string& path,
                                    int64_t size_bytes) {
  ASSIGN_OR_RETURN(const std::string key, directories_.keys.KeyOf(snapshot.data_key_id));
  ASSIGN_OR_RETURN(const std::vector<DiskEncryption::Layer> layers, LayersUnder(directories_, directory, kLayerDisk));
  RETURN_IF_ERROR(WriteDisk(directories_, {.directory = directory,
                                           .path = path,
                                           .name = kEncryptedDisk,
                                           .size_bytes = size_bytes,
                                           .below = layers.empty() ? "" : NameOfLayer(snapshot.below, kLayerDisk),
                                           .data_key_id = snapshot.data_key_id}));
  RETURN_IF_ERROR(FillCopy(
      absl::StrCat(path, "/", kLayerDisk), absl::StrCat(path, "/", kEncryptedDisk), key, [] { return true; }, layers));
  ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(directory, kEncryptedDisk));
  RETURN_IF_ERROR(Settle(disk.get(), 0444, Owner{}, kEncryptedDisk));
  RETURN_IF_ERROR(Failpoint("disks.import_encrypted"));
  return ReplaceAt(directory, kEncryptedDisk, kLayerDisk);
}

}  // namespace brume::storage
