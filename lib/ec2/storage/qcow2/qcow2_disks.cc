#include "lib/ec2/storage/qcow2/qcow2_disks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/failpoint.h"
#include "lib/base/pass_list.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/disk_chain.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"
#include "lib/ec2/storage/qcow2/image_import.h"
#include "lib/ec2/storage/qcow2/image_source.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"
#include "lib/ec2/storage/qcow2/record_files.h"
#include "lib/ec2/storage/qcow2/snapshot_files.h"

namespace brume::storage {
namespace {

constexpr char kImport[] = "import", kRecords[] = "records";
constexpr int64_t kGib = int64_t{1} << 30;

// Sorts the entries of one directory into ids and unknown ones.
template <typename SomeId>
absl::Status ListEntries(int directory, const char* name, absl::string_view state_dir, std::vector<SomeId>& ids,
                         std::vector<std::string>& unknown) {
  ASSIGN_OR_RETURN(const std::vector<std::string> entries, EntriesOf(directory));
  std::set<SomeId> found;
  for (const std::string& entry : entries) {
    absl::string_view text = entry;
    if (absl::ConsumePrefix(&text, ".") && !absl::ConsumeSuffix(&text, ".partial")) {
      absl::ConsumeSuffix(&text, ".deleting");
    }
    absl::StatusOr<SomeId> id = SomeId::Parse(text);
    ASSIGN_OR_RETURN(const EntryKind kind, KindOfAt(directory, entry));
    if (kind == EntryKind::kNone) continue;  // gone meanwhile
    const bool ours = id.ok() && kind == EntryKind::kDirectory &&
                      (entry == id->text() || entry == Partial(id->text()) || entry == Deleting(id->text()));
    if (ours) {
      found.insert(*std::move(id));
    } else {
      unknown.push_back(absl::StrCat(state_dir, "/", name, "/", entry));
    }
  }
  ids.assign(found.begin(), found.end());
  return absl::OkStatus();
}

class Qcow2Disks final : public Disks {
 public:
  Qcow2Disks(std::vector<std::string> import_dirs, std::unique_ptr<DiskDirectories> directories, UniqueFd records)
      : import_dirs_(std::move(import_dirs)),
        directories_(std::move(directories)),
        snapshots_(*directories_),
        records_(std::move(records)) {}

  absl::StatusOr<ImportedImage> Import(const ImageId& id, const std::string& location) override {
    return ImportFile(id.text(),
                      {.path = location,
                       .directories = import_dirs_,
                       .manifest = [&](const ImportedImage& imported) { return LayerManifest(id, location, imported); },
                       .encrypted = nullptr});
  }
  absl::StatusOr<ImportedImage> ImportPrepared(const ImageId& id, const std::string& path,
                                               const std::string& location) override {
    return ImportFile(id.text(),
                      {.path = path,
                       .directories = PreparedDirectories(),
                       .manifest = [&](const ImportedImage& imported) { return LayerManifest(id, location, imported); },
                       .encrypted = nullptr});
  }
  absl::StatusOr<ImportedImage> ImportSnapshot(const VolumeSnapshot& snapshot, const std::string& path) override;
  absl::StatusOr<ImportedImage> ImportEncrypted(const EncryptedImport& import) override;
  absl::Status RemoveImage(const ImageId& id) override;
  ImagePaths PathsOf(const Image& image) override;
  absl::StatusOr<std::string> EnsureVolume(const Volume& volume) override;
  absl::StatusOr<std::optional<DiskEncryption>> EncryptionOf(const Volume& volume) override;
  absl::Status GiveVolume(const VolumeId& id, int64_t user_id) override;
  absl::Status RemoveVolume(const VolumeId& id) override;
  absl::Status GrowVolume(const Volume& volume, int64_t size_gib) override;
  absl::StatusOr<std::string> PrepareSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override {
    return snapshots_.Prepare(volume, snapshot);
  }
  absl::Status FinishSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override {
    return snapshots_.Finish(volume, snapshot);
  }
  absl::StatusOr<bool> HasTop(const Volume& volume, const VolumeSnapshot& snapshot) override {
    return snapshots_.HasTop(volume, snapshot);
  }
  absl::Status AbandonSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override {
    return snapshots_.Abandon(volume, snapshot);
  }
  absl::Status MergeLayers(const VolumeSnapshot& snapshot, const std::string& base, const GoesOn& goes_on) override {
    return snapshots_.Merge(snapshot, base, goes_on);
  }
  absl::Status CopyLayer(const VolumeSnapshot& snapshot, const std::string& source, const GoesOn& goes_on) override {
    return snapshots_.Copy(snapshot, source, goes_on);
  }
  absl::Status RemoveSnapshot(const SnapshotId& id) override;
  absl::StatusOr<std::string> EnsureInstanceDirectory(const InstanceId& id, int64_t user_id) override;
  std::string InstanceDirectory(const InstanceId& id) override { return PathOf(kInstances, id.text()); }
  absl::Status RemoveInstanceDirectory(const InstanceId& id) override;
  absl::Status WriteRecord(const DiskRecord& record) override { return records_.Write(record); }
  absl::Status RemoveRecord(const std::string& id) override { return records_.Remove(id); }
  absl::StatusOr<std::vector<DiskRecord>> ReadRecords() override { return records_.ReadAll(); }
  absl::StatusOr<DiskSpace> Space() override;
  absl::StatusOr<DiskInventory> List() override;

 private:
  // What becomes a layer: a path below one of the directories, and what the manifest says of it.
  struct ImportedFile {
    std::string path;
    std::vector<std::string> directories;
    std::function<std::string(const ImportedImage& imported)> manifest;
    // Whose key the disk is encrypted with; null = it is not.
    const VolumeSnapshot* encrypted = nullptr;
    bool disk = true, boot = true;  // which of a bundle's parts are taken
  };
  absl::StatusOr<ImportedImage> ImportFile(const std::string& id, const ImportedFile& file);
  // Where ImportFiles and ExportFiles prepare what becomes a layer.
  std::vector<std::string> PreparedDirectories() const {
    return {directories_->state_dir + "/imports", directories_->state_dir + "/exports"};
  }
  std::string PathOf(const char* kind, const std::string& id) const { return directories_->PathOf(kind, id); }
  absl::Status CheckNothingOver(const std::string& layer);
  absl::Status CheckNothingOver(const std::string& layer, int directory);
  absl::Status CheckNothingIn(int directory, const std::string& layer, const std::string& what);
  absl::Status MakeVolume(const Volume& volume);

  const std::vector<std::string> import_dirs_;
  const std::unique_ptr<DiskDirectories> directories_;
  SnapshotFiles snapshots_;
  RecordFiles records_;
};

std::string ManifestOf(VolumeSnapshot made, const ImportedImage& imported) {
  made.size_gib = GibOf(imported.virtual_size_bytes);
  return SnapshotManifest(made, imported.virtual_size_bytes);
}

absl::StatusOr<ImportedImage> Qcow2Disks::ImportSnapshot(const VolumeSnapshot& snapshot, const std::string& path) {
  return ImportFile(snapshot.id.text(),
                    {.path = path,
                     .directories = PreparedDirectories(),
                     .manifest = [&](const ImportedImage& imported) { return ManifestOf(snapshot, imported); },
                     .encrypted = snapshot.encrypted ? &snapshot : nullptr});
}

absl::StatusOr<ImportedImage> Qcow2Disks::ImportEncrypted(const EncryptedImport& import) {
  if (!import.root.encrypted) return absl::InternalError("an encrypted import of a snapshot that is not encrypted");
  const std::vector<std::string> directories = import.prepared ? PreparedDirectories() : import_dirs_;
  ASSIGN_OR_RETURN(
      ImportedImage root,
      ImportFile(import.root.id.text(),
                 {.path = import.path,
                  .directories = directories,
                  .manifest = [&](const ImportedImage& imported) { return ManifestOf(import.root, imported); },
                  .encrypted = &import.root,
                  .boot = false}));
  const std::string disk = std::exchange(root.disk_file, "");
  // Nothing to encrypt.
  if (disk.empty()) RETURN_IF_ERROR(RemoveSnapshot(import.root.id));
  ASSIGN_OR_RETURN(const SourceFile source, OpenSource(import.path, directories));
  if (!source.is_directory()) return root;
  ASSIGN_OR_RETURN(ImportedImage rest, ImportFile(import.id.text(), {.path = import.path,
                                                                     .directories = directories,
                                                                     .manifest =
                                                                         [&](const ImportedImage& imported) {
                                                                           return LayerManifest(
                                                                               import.id, import.location, imported);
                                                                         },
                                                                     .encrypted = nullptr,
                                                                     .disk = false}));
  rest.virtual_size_bytes = root.virtual_size_bytes;
  return rest;
}

absl::StatusOr<ImportedImage> Qcow2Disks::ImportFile(const std::string& id, const ImportedFile& file) {
  RETURN_IF_ERROR(CheckLayerId(id));
  const KeyedLocks::Holder holder(directories_->locks, id);
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directories_->layers.get(), id));
  if (have != EntryKind::kNone) {
    // Who gave it its name may have died before that was on disk.
    RETURN_IF_ERROR(SyncDirectory(directories_->layers.get(), id));
    return ReadLayer(*directories_, id);
  }

  ASSIGN_OR_RETURN(const SourceFile source, OpenSource(file.path, file.directories));
  ASSIGN_OR_RETURN(const DiskSpace space, Space());
  const std::string partial = Partial(id);
  RETURN_IF_ERROR(RemoveTreeAt(directories_->layers.get(), partial));
  // Undone before anything that stands in the way is reported: nothing is left behind.
  Undo undo;
  undo.Push([&] { RemoveRemains(directories_->layers.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(directories_->layers.get(), partial, 0755, Owner{}));
  ASSIGN_OR_RETURN(const ImportedImage imported, FillLayer(source, {.directory = directory.get(),
                                                                    .path = PathOf(kLayers, partial),
                                                                    .free_bytes = space.free_bytes,
                                                                    .reader = directories_->guests,
                                                                    .disk = file.disk,
                                                                    .boot = file.boot}));
  if (file.encrypted != nullptr && !imported.disk_file.empty()) {
    RETURN_IF_ERROR(
        snapshots_.Encrypt(*file.encrypted, directory.get(), PathOf(kLayers, partial), imported.virtual_size_bytes));
  }
  RETURN_IF_ERROR(WriteManifest(directory.get(), kLayerManifest, file.manifest(imported), 0444));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.import_filled"));
  RETURN_IF_ERROR(RenameAt(directories_->layers.get(), partial, id));
  undo.Dismiss();
  return imported;
}

// No disk in `directory`, which `what` names, lies over the layer.
absl::Status Qcow2Disks::CheckNothingIn(int directory, const std::string& layer, const std::string& what) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, EntriesOf(directory));
  for (const std::string& file : files) {
    if (!absl::EndsWith(file, kDiskSuffix)) continue;
    const UniqueFd disk(openat(directory, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!disk) {
      if (errno == ENOENT) continue;
      return FileError(errno, absl::StrCat("looking at ", what));
    }
    ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
    if (absl::StrContains(BackingFile(start), layer)) {
      return absl::FailedPreconditionError(absl::StrCat("the disk of ", what, " lies over ", layer));
    }
  }
  return absl::OkStatus();
}

// The database should know; but a disk whose base is gone is lost, so the files are asked too.
absl::Status Qcow2Disks::CheckNothingOver(const std::string& layer) {
  RETURN_IF_ERROR(CheckNothingOver(layer, directories_->volumes.get()));
  return CheckNothingOver(layer, directories_->layers.get());
}

absl::Status Qcow2Disks::CheckNothingOver(const std::string& layer, int parent) {
  ASSIGN_OR_RETURN(const std::vector<std::string> entries, EntriesOf(parent));
  for (const std::string& entry : entries) {
    const bool whole = IsWellFormedId(VolumeId::kKind, entry) || IsWellFormedId(SnapshotId::kKind, entry);
    if (!whole || entry == layer) continue;
    const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(parent, entry);
    if (absl::IsNotFound(directory.status())) continue;  // removed meanwhile
    RETURN_IF_ERROR(directory.status());
    RETURN_IF_ERROR(CheckNothingIn(directory->get(), layer, entry));
  }
  return absl::OkStatus();
}

absl::Status Qcow2Disks::RemoveImage(const ImageId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(directories_->locks, id.text());
  RETURN_IF_ERROR(CheckNothingOver(id.text()));
  return RemoveEntry(directories_->layers.get(), id.text());
}

absl::Status Qcow2Disks::RemoveSnapshot(const SnapshotId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(directories_->locks, id.text());
  RETURN_IF_ERROR(CheckNothingOver(id.text()));
  return RemoveEntry(directories_->layers.get(), id.text());
}

ImagePaths Qcow2Disks::PathsOf(const Image& image) {
  const auto path = [&](const ImageId& owner, const std::string& file) {
    return file.empty() ? "" : absl::StrCat(PathOf(kLayers, owner.text()), "/", file);
  };
  const ImageId& boot = image.boot_image_id.empty() ? image.id : image.boot_image_id;
  return {path(image.id, image.disk_file), path(boot, image.kernel_file), path(boot, image.initrd_file)};
}

absl::StatusOr<std::string> Qcow2Disks::EnsureVolume(const Volume& volume) {
  RETURN_IF_ERROR(CheckId(volume.id));
  const KeyedLocks::Holder holder(directories_->locks, volume.id.text());
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directories_->volumes.get(), volume.id.text()));
  if (have == EntryKind::kNone) {
    if (volume.state != VolumeState::kCreating) {
      return absl::DataLossError(absl::StrCat("the disk of volume ", volume.id.text(), " was there and is gone"));
    }
    RETURN_IF_ERROR(MakeVolume(volume));
  } else {
    ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories_->volumes.get(), volume.id.text()));
    ASSIGN_OR_RETURN(const EntryKind disk, KindOfAt(directory.get(), volume.disk_file));
    // The directory got its name when the disk was in it. An empty one in its place would only hide the loss.
    if (disk != EntryKind::kFile) {
      return absl::DataLossError(absl::StrCat("the disk of volume ", volume.id.text(), " was there and is gone"));
    }
    // Who gave the directory its name may have died before that was on disk.
    if (volume.state == VolumeState::kCreating) {
      RETURN_IF_ERROR(SyncDirectory(directories_->volumes.get(), volume.id.text()));
    }
  }
  return absl::StrCat(PathOf(kVolumes, volume.id.text()), "/", volume.disk_file);
}

absl::Status Qcow2Disks::MakeVolume(const Volume& volume) {
  ImportedImage layer;
  if (!volume.layer_id.empty()) {
    ASSIGN_OR_RETURN(layer, FindLayerDisk(*directories_, volume.layer_id));
  }
  if (volume.size_gib < 0 || volume.size_gib > kMaxVirtualBytes / kGib) {
    return absl::InvalidArgumentError(
        absl::StrCat("a volume of ", volume.size_gib, " GiB: 1 to ", kMaxVolumeGib, " are possible"));
  }
  int64_t size = std::max(volume.size_gib * kGib, layer.virtual_size_bytes);
  size = (size + 511) / 512 * 512;
  if (size == 0) return absl::InvalidArgumentError(absl::StrCat("volume ", volume.id.text(), " has no size"));

  const std::string partial = Partial(volume.id.text());
  RETURN_IF_ERROR(RemoveTreeAt(directories_->volumes.get(), partial));
  Undo undo;
  undo.Push([&] { RemoveRemains(directories_->volumes.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(directories_->volumes.get(), partial, 0700, Owner{}));
  RETURN_IF_ERROR(LetPass(directory.get(), directories_->guests.uid));
  const std::string below = layer.disk_file.empty() ? "" : NameOfLayer(volume.layer_id, layer.disk_file);
  RETURN_IF_ERROR(WriteDisk(*directories_, {.directory = directory.get(),
                                            .path = PathOf(kVolumes, partial),
                                            .name = volume.disk_file,
                                            .size_bytes = size,
                                            .below = below,
                                            .data_key_id = volume.data_key_id}));
  RETURN_IF_ERROR(WriteManifest(directory.get(), kVolumeManifest, VolumeManifest(volume, size), 0600));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.volume_made"));
  RETURN_IF_ERROR(RenameAt(directories_->volumes.get(), partial, volume.id.text()));
  undo.Dismiss();
  return absl::OkStatus();
}

absl::Status Qcow2Disks::GrowVolume(const Volume& volume, int64_t size_gib) {
  ASSIGN_OR_RETURN(const std::string path, EnsureVolume(volume));
  const KeyedLocks::Holder holder(directories_->locks, volume.id.text());
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories_->volumes.get(), volume.id.text()));
  const int64_t wanted = size_gib * kGib;
  const auto size = [&]() -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(directory.get(), volume.disk_file));
    ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
    return VirtualSize(start);
  };
  ASSIGN_OR_RETURN(const int64_t before, size());
  if (before < wanted) {
    ASSIGN_OR_RETURN(const std::optional<DiskEncryption> encryption, EncryptionOf(volume));
    const DiskEncryption opening = encryption.value_or(DiskEncryption());
    ASSIGN_OR_RETURN(const Owner owner, OwnerOfDisk(*directories_, directory.get(), volume.disk_file));
    RETURN_IF_ERROR(
        RunQemuImg({"resize", "-q", "--image-opts", ImageOptions(path, encryption.has_value(), opening.layers),
                    absl::StrCat(wanted)},
                   {.user = owner, .readable = {LayersPath(*directories_)}, .writable = {path}, .key = opening.key}));
  }
  RETURN_IF_ERROR(Failpoint("disks.volume_grown"));
  Volume after = volume;
  after.size_gib = size_gib;
  ASSIGN_OR_RETURN(const int64_t now, size());
  return ReplaceFileAt(directory.get(), kVolumeManifest, VolumeManifest(after, now), 0600);
}

absl::StatusOr<std::optional<DiskEncryption>> Qcow2Disks::EncryptionOf(const Volume& volume) {
  RETURN_IF_ERROR(CheckId(volume.id));
  if (!volume.encrypted) return std::nullopt;
  DiskEncryption encryption;
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories_->volumes.get(), volume.id.text()));
  ASSIGN_OR_RETURN(encryption.layers, LayersUnder(*directories_, directory.get(), volume.disk_file));
  ASSIGN_OR_RETURN(encryption.key, directories_->keys.KeyOf(volume.data_key_id));
  return encryption;
}

absl::Status Qcow2Disks::GiveVolume(const VolumeId& id, int64_t user_id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(directories_->locks, id.text());
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(directories_->volumes.get(), id.text());
  if (absl::IsNotFound(directory.status())) return absl::OkStatus();
  RETURN_IF_ERROR(directory.status());
  const Owner owner = directories_->OwnerFor(user_id);
  RETURN_IF_ERROR(LetPass(directory->get(), owner.uid));
  ASSIGN_OR_RETURN(const std::vector<std::string> files, EntriesOf(directory->get()));
  for (const std::string& file : files) {
    if (absl::EndsWith(file, kDiskSuffix)) RETURN_IF_ERROR(GiveDisk(directory->get(), file, owner));
  }
  return absl::OkStatus();
}

absl::Status Qcow2Disks::RemoveVolume(const VolumeId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(directories_->locks, id.text());
  return RemoveEntry(directories_->volumes.get(), id.text());
}

absl::StatusOr<std::string> Qcow2Disks::EnsureInstanceDirectory(const InstanceId& id, int64_t user_id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(directories_->locks, id.text());
  const int parent = directories_->instances.get();
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(parent, id.text()));
  if (have == EntryKind::kNone) RETURN_IF_ERROR(CreateDirectoryAt(parent, id.text(), 0700, Owner{}).status());
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(parent, id.text()));
  RETURN_IF_ERROR(LetPass(directory.get(), directories_->OwnerFor(user_id).uid));
  RETURN_IF_ERROR(SyncDirectory(parent, id.text()));
  return InstanceDirectory(id);
}

absl::Status Qcow2Disks::RemoveInstanceDirectory(const InstanceId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(directories_->locks, id.text());
  return RemoveEntry(directories_->instances.get(), id.text());
}

absl::StatusOr<DiskSpace> Qcow2Disks::Space() { return SpaceAt(directories_->state.get()); }

absl::StatusOr<DiskInventory> Qcow2Disks::List() {
  DiskInventory found;
  const std::string& state = directories_->state_dir;
  std::vector<std::string> no_images, no_snapshots;
  RETURN_IF_ERROR(ListEntries(directories_->layers.get(), kLayers, state, found.images, no_images));
  RETURN_IF_ERROR(ListEntries(directories_->layers.get(), kLayers, state, found.snapshots, no_snapshots));
  std::sort(no_images.begin(), no_images.end());
  std::sort(no_snapshots.begin(), no_snapshots.end());
  std::set_intersection(no_images.begin(), no_images.end(), no_snapshots.begin(), no_snapshots.end(),
                        std::back_inserter(found.unknown));
  RETURN_IF_ERROR(ListEntries(directories_->volumes.get(), kVolumes, state, found.volumes, found.unknown));
  RETURN_IF_ERROR(ListEntries(directories_->instances.get(), kInstances, state, found.instances, found.unknown));
  std::sort(found.unknown.begin(), found.unknown.end());
  return found;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Disks>> OpenQcow2Disks(Qcow2Options options) {
  while (options.state_dir.size() > 1 && options.state_dir.back() == '/') options.state_dir.pop_back();
  if (!absl::StartsWith(options.state_dir, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("state directory '", options.state_dir, "' is not an absolute path"));
  }
  auto directories = std::make_unique<DiskDirectories>();
  directories->state_dir = options.state_dir;
  directories->guests = {options.qemu_uid, options.qemu_gid};
  directories->keys = DiskKeys(absl::StrCat(options.state_dir, "/secret.key"));
  ASSIGN_OR_RETURN(directories->state, OpenDirectory(options.state_dir));
  const int state = directories->state.get();
  ASSIGN_OR_RETURN(directories->layers, EnsureDirectoryAt(state, kLayers, 0711, Owner{}));
  ASSIGN_OR_RETURN(directories->volumes, EnsureDirectoryAt(state, kVolumes, 0711, Owner{}));
  ASSIGN_OR_RETURN(directories->instances, EnsureDirectoryAt(state, kInstances, 0711, Owner{}));
  ASSIGN_OR_RETURN(UniqueFd records, EnsureDirectoryAt(state, kRecords, 0700, Owner{}));
  if (options.import_dirs.empty()) {
    // Only made, never given other rights: who may put images there is the administrator's choice.
    if (mkdirat(state, kImport, 0755) != 0 && errno != EEXIST) {
      return FileError(errno, absl::StrCat("making ", options.state_dir, "/", kImport));
    }
    options.import_dirs = {absl::StrCat(options.state_dir, "/", kImport)};
  }
  return std::make_unique<Qcow2Disks>(std::move(options.import_dirs), std::move(directories), std::move(records));
}

}  // namespace brume::storage
