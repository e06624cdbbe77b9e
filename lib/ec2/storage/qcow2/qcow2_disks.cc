#include "lib/ec2/storage/qcow2/qcow2_disks.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/mutex.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/disk_growth.h"
#include "lib/ec2/storage/qcow2/image_import.h"
#include "lib/ec2/storage/qcow2/image_source.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/record_files.h"

namespace brume::storage {
namespace {

constexpr char kLayers[] = "layers", kVolumes[] = "volumes", kInstances[] = "instances", kRecords[] = "records";
constexpr char kImport[] = "import";
constexpr char kDiskSuffix[] = ".qcow2", kLayerManifest[] = "layer.json", kVolumeManifest[] = "volume.json";
constexpr size_t kMaxManifestBytes = 64 * 1024, kHeaderBytes = 4096;
constexpr int64_t kGib = int64_t{1} << 30;

std::string Partial(const std::string& id) { return absl::StrCat(".", id, ".partial"); }
std::string Deleting(const std::string& id) { return absl::StrCat(".", id, ".deleting"); }

// Ids become file names of a privileged process: look once more.
template <IdPrefix prefix>
absl::Status CheckId(const Id<prefix>& id) {
  return Id<prefix>::Parse(id.text()).status();
}

// As the disks of volumes and of layers name what they lie over, so that the state directory can be moved.
std::string FromVolume(const std::string& layer, const std::string& disk) {
  return absl::StrCat("../../", kLayers, "/", layer, "/", disk);
}

absl::StatusOr<UniqueFd> OpenForReading(int directory, const std::string& name) {
  UniqueFd file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return FileError(errno, absl::StrCat("opening ", name));
  return file;
}

// A layer has the id of its image or of its snapshot.
absl::Status CheckLayerId(const std::string& id) {
  return absl::StartsWith(id, ImageId::kKind.prefix) ? ImageId::Parse(id).status() : SnapshotId::Parse(id).status();
}

// One thread at a time for each key.
class KeyedLocks {
 public:
  class Holder {
   public:
    Holder(KeyedLocks& locks, std::string key) : locks_(locks), key_(std::move(key)) {
      MutexLock lock(locks_.mutex_);
      while (!locks_.held_.insert(key_).second) locks_.freed_.Wait(locks_.mutex_);
    }
    ~Holder() {
      MutexLock lock(locks_.mutex_);
      locks_.held_.erase(key_);
      locks_.freed_.NotifyAll();
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    KeyedLocks& locks_;
    const std::string key_;
  };

 private:
  Mutex mutex_;
  CondVar freed_;
  std::set<std::string> held_ ABSL_GUARDED_BY(mutex_);
};

absl::Status WriteManifest(int directory, const char* name, const std::string& content, mode_t mode) {
  ASSIGN_OR_RETURN(const UniqueFd file, CreateFileAt(directory, name));
  RETURN_IF_ERROR(WriteAt(file.get(), 0, content));
  return Settle(file.get(), mode, Owner{}, name);
}

// The remains are only in the way of the next try, which removes them itself.
void RemoveRemains(int directory, const std::string& name) {
  if (absl::Status removed = RemoveTreeAt(directory, name); !removed.ok()) {
    log::Warn("cannot remove {}: {}", name, removed.message());
  }
}

// Renames first, so that what has its proper name is whole.
absl::Status RemoveEntry(int directory, const std::string& id) {
  RETURN_IF_ERROR(RemoveTreeAt(directory, Partial(id)));
  RETURN_IF_ERROR(RemoveTreeAt(directory, Deleting(id)));
  const absl::Status renamed = RenameAt(directory, id, Deleting(id));
  if (absl::IsNotFound(renamed)) return absl::OkStatus();
  RETURN_IF_ERROR(renamed);
  RETURN_IF_ERROR(Failpoint("disks.deleting"));
  return RemoveTreeAt(directory, Deleting(id));
}

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
  Qcow2Disks(Qcow2Options options, UniqueFd state, UniqueFd layers, UniqueFd volumes, UniqueFd instances,
             UniqueFd records)
      : options_(std::move(options)),
        state_(std::move(state)),
        layers_(std::move(layers)),
        volumes_(std::move(volumes)),
        instances_(std::move(instances)),
        records_(std::move(records)) {}

  absl::StatusOr<ImportedImage> Import(const ImageId& id, const std::string& location) override {
    return ImportFile(
        id.text(), {.path = location,
                    .directories = options_.import_dirs,
                    .manifest = [&](const ImportedImage& imported) { return LayerManifest(id, location, imported); }});
  }
  absl::StatusOr<ImportedImage> ImportPrepared(const ImageId& id, const std::string& path,
                                               const std::string& location) override {
    return ImportFile(
        id.text(), {.path = path,
                    .directories = {options_.state_dir + "/imports"},
                    .manifest = [&](const ImportedImage& imported) { return LayerManifest(id, location, imported); }});
  }
  absl::StatusOr<ImportedImage> ImportSnapshot(const VolumeSnapshot& snapshot, const std::string& path) override;
  absl::Status RemoveImage(const ImageId& id) override;
  ImagePaths PathsOf(const Image& image) override;
  absl::StatusOr<std::string> EnsureVolume(const Volume& volume) override;
  absl::Status RemoveVolume(const VolumeId& id) override;
  absl::Status GrowVolume(const Volume& volume, int64_t size_gib) override;
  absl::StatusOr<std::string> PrepareSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::Status FinishSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::StatusOr<bool> HasTop(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::Status AbandonSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) override;
  absl::Status RemoveSnapshot(const SnapshotId& id) override;
  absl::StatusOr<std::string> EnsureInstanceDirectory(const InstanceId& id) override;
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
  };
  absl::StatusOr<ImportedImage> ImportFile(const std::string& id, const ImportedFile& file);
  std::string PathOf(const char* kind, const std::string& id) const {
    return absl::StrCat(options_.state_dir, "/", kind, "/", id);
  }
  absl::StatusOr<ImportedImage> ReadLayer(const std::string& id);
  absl::StatusOr<ImportedImage> FindLayerDisk(const std::string& id);
  absl::Status CheckNothingOver(const std::string& layer);
  absl::Status CheckNothingOver(const std::string& layer, int directory);
  absl::Status CheckNothingIn(int directory, const std::string& layer, const std::string& what);
  // The layer's disk, for reading.
  absl::StatusOr<UniqueFd> EnsureLayer(int volume_directory, const Volume& volume, const VolumeSnapshot& snapshot);
  absl::Status WriteDisk(int directory, const std::string& name, const Qcow2Layout& layout);
  absl::Status MakeVolume(const Volume& volume);

  const Qcow2Options options_;
  const UniqueFd state_, layers_, volumes_, instances_;
  RecordFiles records_;
  KeyedLocks locks_;
};

absl::StatusOr<ImportedImage> Qcow2Disks::ImportSnapshot(const VolumeSnapshot& snapshot, const std::string& path) {
  return ImportFile(
      snapshot.id.text(),
      {.path = path, .directories = {options_.state_dir + "/imports"}, .manifest = [&](const ImportedImage& imported) {
         VolumeSnapshot made = snapshot;
         made.size_gib = GibOf(imported.virtual_size_bytes);
         return SnapshotManifest(made, imported.virtual_size_bytes);
       }});
}

absl::StatusOr<ImportedImage> Qcow2Disks::ImportFile(const std::string& id, const ImportedFile& file) {
  RETURN_IF_ERROR(CheckLayerId(id));
  const KeyedLocks::Holder holder(locks_, id);
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(layers_.get(), id));
  if (have != EntryKind::kNone) return ReadLayer(id);

  ASSIGN_OR_RETURN(const SourceFile source, OpenSource(file.path, file.directories));
  ASSIGN_OR_RETURN(const DiskSpace space, Space());
  const std::string partial = Partial(id);
  RETURN_IF_ERROR(RemoveTreeAt(layers_.get(), partial));
  // Undone before anything that stands in the way is reported: nothing is left behind.
  Undo undo;
  undo.Push([&] { RemoveRemains(layers_.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(layers_.get(), partial, 0755, Owner{}));
  ASSIGN_OR_RETURN(const ImportedImage imported, FillLayer(source, {.directory = directory.get(),
                                                                    .path = PathOf(kLayers, partial),
                                                                    .free_bytes = space.free_bytes,
                                                                    .reader = {options_.qemu_uid, options_.qemu_gid}}));
  RETURN_IF_ERROR(WriteManifest(directory.get(), kLayerManifest, file.manifest(imported), 0444));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.import_filled"));
  RETURN_IF_ERROR(RenameAt(layers_.get(), partial, id));
  undo.Dismiss();
  return imported;
}

absl::StatusOr<ImportedImage> Qcow2Disks::ReadLayer(const std::string& id) {
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(layers_.get(), id));
  ASSIGN_OR_RETURN(const std::string manifest, ReadFileAt(directory.get(), kLayerManifest, kMaxManifestBytes));
  return ParseLayerManifest(manifest);
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
  RETURN_IF_ERROR(CheckNothingOver(layer, volumes_.get()));
  return CheckNothingOver(layer, layers_.get());
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
  const KeyedLocks::Holder holder(locks_, id.text());
  RETURN_IF_ERROR(CheckNothingOver(id.text()));
  return RemoveEntry(layers_.get(), id.text());
}

absl::Status Qcow2Disks::RemoveSnapshot(const SnapshotId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(locks_, id.text());
  RETURN_IF_ERROR(CheckNothingOver(id.text()));
  return RemoveEntry(layers_.get(), id.text());
}

ImagePaths Qcow2Disks::PathsOf(const Image& image) {
  const auto path = [&](const ImageId& owner, const std::string& file) {
    return file.empty() ? "" : absl::StrCat(PathOf(kLayers, owner.text()), "/", file);
  };
  const ImageId& boot = image.boot_image_id.empty() ? image.id : image.boot_image_id;
  return {path(image.id, image.disk_file), path(boot, image.kernel_file), path(boot, image.initrd_file)};
}

absl::StatusOr<ImportedImage> Qcow2Disks::FindLayerDisk(const std::string& id) {
  RETURN_IF_ERROR(CheckLayerId(id));
  const absl::StatusOr<UniqueFd> layer = OpenDirectoryAt(layers_.get(), id);
  if (absl::IsNotFound(layer.status())) return absl::NotFoundError(absl::StrCat("the files of ", id, " are not there"));
  RETURN_IF_ERROR(layer.status());
  ASSIGN_OR_RETURN(const ImportedImage found, ReadLayer(id));
  if (found.disk_file.empty()) return absl::NotFoundError(absl::StrCat(id, " has no disk"));
  ASSIGN_OR_RETURN(const EntryKind disk, KindOfAt(layer->get(), found.disk_file));
  if (disk == EntryKind::kFile) return found;
  return absl::NotFoundError(absl::StrCat("the disk of ", id, " is not there"));
}

absl::StatusOr<std::string> Qcow2Disks::EnsureVolume(const Volume& volume) {
  RETURN_IF_ERROR(CheckId(volume.id));
  const KeyedLocks::Holder holder(locks_, volume.id.text());
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(volumes_.get(), volume.id.text()));
  if (have == EntryKind::kNone) {
    if (volume.state != VolumeState::kCreating) {
      return absl::DataLossError(absl::StrCat("the disk of volume ", volume.id.text(), " was there and is gone"));
    }
    RETURN_IF_ERROR(MakeVolume(volume));
  } else {
    ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(volumes_.get(), volume.id.text()));
    ASSIGN_OR_RETURN(const EntryKind disk, KindOfAt(directory.get(), volume.disk_file));
    // The directory got its name when the disk was in it. An empty one in its place would only hide the loss.
    if (disk != EntryKind::kFile) {
      return absl::DataLossError(absl::StrCat("the disk of volume ", volume.id.text(), " was there and is gone"));
    }
  }
  return absl::StrCat(PathOf(kVolumes, volume.id.text()), "/", volume.disk_file);
}

absl::Status Qcow2Disks::MakeVolume(const Volume& volume) {
  ImportedImage layer;
  if (!volume.layer_id.empty()) {
    ASSIGN_OR_RETURN(layer, FindLayerDisk(volume.layer_id));
  }
  if (volume.size_gib < 0 || volume.size_gib > kMaxVirtualBytes / kGib) {
    return absl::InvalidArgumentError(absl::StrCat("a volume of ", volume.size_gib, " GiB: 1 to 16384 are possible"));
  }
  int64_t size = std::max(volume.size_gib * kGib, layer.virtual_size_bytes);
  size = (size + 511) / 512 * 512;
  if (size == 0) return absl::InvalidArgumentError(absl::StrCat("volume ", volume.id.text(), " has no size"));

  const std::string partial = Partial(volume.id.text());
  RETURN_IF_ERROR(RemoveTreeAt(volumes_.get(), partial));
  Undo undo;
  undo.Push([&] { RemoveRemains(volumes_.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(volumes_.get(), partial, 0711, Owner{}));
  const std::string below = layer.disk_file.empty() ? "" : FromVolume(volume.layer_id, layer.disk_file);
  RETURN_IF_ERROR(WriteDisk(directory.get(), volume.disk_file, EmptyQcow2(size, below)));
  RETURN_IF_ERROR(WriteManifest(directory.get(), kVolumeManifest, VolumeManifest(volume, size), 0600));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.volume_made"));
  RETURN_IF_ERROR(RenameAt(volumes_.get(), partial, volume.id.text()));
  undo.Dismiss();
  return absl::OkStatus();
}

absl::Status Qcow2Disks::WriteDisk(int directory, const std::string& name, const Qcow2Layout& layout) {
  ASSIGN_OR_RETURN(const UniqueFd disk, CreateFileAt(directory, name));
  if (ftruncate(disk.get(), layout.file_size) != 0) return FileError(errno, "making a disk");
  for (const Qcow2Layout::Piece& piece : layout.pieces) RETURN_IF_ERROR(WriteAt(disk.get(), piece.offset, piece.bytes));
  return Settle(disk.get(), 0600, {options_.qemu_uid, options_.qemu_gid}, name);
}

absl::StatusOr<UniqueFd> Qcow2Disks::EnsureLayer(int volume_directory, const Volume& volume,
                                                 const VolumeSnapshot& snapshot) {
  const std::string id = snapshot.id.text();
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(layers_.get(), id));
  if (have != EntryKind::kNone) {
    ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(layers_.get(), id));
    return OpenForReading(directory.get(), kLayerDisk);
  }
  ASSIGN_OR_RETURN(UniqueFd disk, OpenForReading(volume_directory, volume.disk_file));
  ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
  ASSIGN_OR_RETURN(const int64_t size, VirtualSize(start));
  const std::string partial = Partial(id);
  RETURN_IF_ERROR(RemoveTreeAt(layers_.get(), partial));
  Undo undo;
  undo.Push([&] { RemoveRemains(layers_.get(), partial); });
  ASSIGN_OR_RETURN(const UniqueFd directory, CreateDirectoryAt(layers_.get(), partial, 0755, Owner{}));
  RETURN_IF_ERROR(LinkAt(volume_directory, volume.disk_file, directory.get(), kLayerDisk));
  RETURN_IF_ERROR(WriteManifest(directory.get(), kLayerManifest, SnapshotManifest(snapshot, size), 0444));
  RETURN_IF_ERROR(SyncDirectory(directory.get(), partial));
  RETURN_IF_ERROR(Failpoint("disks.layer_linked"));
  RETURN_IF_ERROR(RenameAt(layers_.get(), partial, id));
  undo.Dismiss();
  return disk;
}

absl::StatusOr<std::string> Qcow2Disks::PrepareSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(locks_, volume.id.text());
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(volumes_.get(), volume.id.text());
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
    RETURN_IF_ERROR(WriteDisk(directory->get(), partial, EmptyQcow2(size, FromVolume(snapshot.id.text(), kLayerDisk))));
    RETURN_IF_ERROR(Failpoint("disks.top_made"));
    RETURN_IF_ERROR(RenameAt(directory->get(), partial, top));
  }
  return absl::StrCat(PathOf(kVolumes, volume.id.text()), "/", top);
}

absl::Status Qcow2Disks::FinishSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(locks_, volume.id.text());
  ASSIGN_OR_RETURN(const UniqueFd layer, OpenDirectoryAt(layers_.get(), snapshot.id.text()));
  ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(layer.get(), kLayerDisk));
  RETURN_IF_ERROR(Settle(disk.get(), 0444, Owner{}, kLayerDisk));
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(volumes_.get(), volume.id.text()));
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

absl::StatusOr<bool> Qcow2Disks::HasTop(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(volumes_.get(), volume.id.text());
  if (absl::IsNotFound(directory.status())) return false;
  RETURN_IF_ERROR(directory.status());
  ASSIGN_OR_RETURN(const EntryKind have, KindOfAt(directory->get(), TopOver(snapshot.id)));
  return have != EntryKind::kNone;
}

absl::Status Qcow2Disks::AbandonSnapshot(const Volume& volume, const VolumeSnapshot& snapshot) {
  RETURN_IF_ERROR(CheckId(volume.id));
  RETURN_IF_ERROR(CheckId(snapshot.id));
  const KeyedLocks::Holder holder(locks_, volume.id.text());
  const absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(volumes_.get(), volume.id.text());
  if (!absl::IsNotFound(directory.status())) {
    RETURN_IF_ERROR(directory.status());
    RETURN_IF_ERROR(RemoveTreeAt(directory->get(), TopOver(snapshot.id)));
    RETURN_IF_ERROR(RemoveTreeAt(directory->get(), Partial(snapshot.id.text())));
  }
  return RemoveEntry(layers_.get(), snapshot.id.text());
}

absl::Status Qcow2Disks::GrowVolume(const Volume& volume, int64_t size_gib) {
  ASSIGN_OR_RETURN(const std::string path, EnsureVolume(volume));
  const KeyedLocks::Holder holder(locks_, volume.id.text());
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(volumes_.get(), volume.id.text()));
  const int64_t wanted = size_gib * kGib;
  const auto size = [&]() -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(directory.get(), volume.disk_file));
    ASSIGN_OR_RETURN(const std::string start, ReadStart(disk.get(), kHeaderBytes));
    return VirtualSize(start);
  };
  ASSIGN_OR_RETURN(const int64_t before, size());
  if (before < wanted) RETURN_IF_ERROR(GrowDiskFile(path, wanted, {options_.qemu_uid, options_.qemu_gid}));
  RETURN_IF_ERROR(Failpoint("disks.volume_grown"));
  Volume after = volume;
  after.size_gib = size_gib;
  ASSIGN_OR_RETURN(const int64_t now, size());
  return ReplaceFileAt(directory.get(), kVolumeManifest, VolumeManifest(after, now), 0600);
}

absl::Status Qcow2Disks::RemoveVolume(const VolumeId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(locks_, id.text());
  return RemoveEntry(volumes_.get(), id.text());
}

absl::StatusOr<std::string> Qcow2Disks::EnsureInstanceDirectory(const InstanceId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(locks_, id.text());
  RETURN_IF_ERROR(EnsureDirectoryAt(instances_.get(), id.text(), 0711, {0, options_.qemu_gid}).status());
  return InstanceDirectory(id);
}

absl::Status Qcow2Disks::RemoveInstanceDirectory(const InstanceId& id) {
  RETURN_IF_ERROR(CheckId(id));
  const KeyedLocks::Holder holder(locks_, id.text());
  return RemoveEntry(instances_.get(), id.text());
}

absl::StatusOr<DiskSpace> Qcow2Disks::Space() {
  struct statvfs info;
  if (fstatvfs(state_.get(), &info) != 0) return FileError(errno, "asking for free space");
  const auto block = static_cast<int64_t>(info.f_frsize);
  return DiskSpace{.free_bytes = static_cast<int64_t>(info.f_bavail) * block,
                   .total_bytes = static_cast<int64_t>(info.f_blocks) * block};
}

absl::StatusOr<DiskInventory> Qcow2Disks::List() {
  DiskInventory found;
  const std::string& state = options_.state_dir;
  std::vector<std::string> no_images, no_snapshots;
  RETURN_IF_ERROR(ListEntries(layers_.get(), kLayers, state, found.images, no_images));
  RETURN_IF_ERROR(ListEntries(layers_.get(), kLayers, state, found.snapshots, no_snapshots));
  std::sort(no_images.begin(), no_images.end());
  std::sort(no_snapshots.begin(), no_snapshots.end());
  std::set_intersection(no_images.begin(), no_images.end(), no_snapshots.begin(), no_snapshots.end(),
                        std::back_inserter(found.unknown));
  RETURN_IF_ERROR(ListEntries(volumes_.get(), kVolumes, state, found.volumes, found.unknown));
  RETURN_IF_ERROR(ListEntries(instances_.get(), kInstances, state, found.instances, found.unknown));
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
  ASSIGN_OR_RETURN(UniqueFd state, OpenDirectory(options.state_dir));
  ASSIGN_OR_RETURN(UniqueFd layers, EnsureDirectoryAt(state.get(), kLayers, 0755, Owner{}));
  ASSIGN_OR_RETURN(UniqueFd volumes, EnsureDirectoryAt(state.get(), kVolumes, 0711, Owner{}));
  ASSIGN_OR_RETURN(UniqueFd instances, EnsureDirectoryAt(state.get(), kInstances, 0711, Owner{}));
  ASSIGN_OR_RETURN(UniqueFd records, EnsureDirectoryAt(state.get(), kRecords, 0700, Owner{}));
  if (options.import_dirs.empty()) {
    // Only made, never given other rights: who may put images there is the administrator's choice.
    if (mkdirat(state.get(), kImport, 0755) != 0 && errno != EEXIST) {
      return FileError(errno, absl::StrCat("making ", options.state_dir, "/", kImport));
    }
    options.import_dirs = {absl::StrCat(options.state_dir, "/", kImport)};
  }
  return std::make_unique<Qcow2Disks>(std::move(options), std::move(state), std::move(layers), std::move(volumes),
                                      std::move(instances), std::move(records));
}

}  // namespace brume::storage
