#include "lib/ec2/storage/qcow2/disk_directories.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"

namespace brume::storage {

std::string LayersPath(const DiskDirectories& directories) { return absl::StrCat(directories.state_dir, "/", kLayers); }

std::string Partial(const std::string& id) { return absl::StrCat(".", id, ".partial"); }

std::string Deleting(const std::string& id) { return absl::StrCat(".", id, ".deleting"); }

std::string NameOfLayer(const std::string& layer, const std::string& disk) {
  return absl::StrCat("../../", kLayers, "/", layer, "/", disk);
}

absl::StatusOr<UniqueFd> OpenForReading(int directory, const std::string& name) {
  UniqueFd file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return FileError(errno, absl::StrCat("opening ", name));
  return file;
}

absl::Status CheckLayerId(const std::string& id) {
  return absl::StartsWith(id, ImageId::kKind.prefix) ? ImageId::Parse(id).status() : SnapshotId::Parse(id).status();
}

absl::Status WriteManifest(int directory, const char* name, const std::string& content, mode_t mode) {
  ASSIGN_OR_RETURN(const UniqueFd file, CreateFileAt(directory, name));
  RETURN_IF_ERROR(WriteAt(file.get(), 0, content));
  return Settle(file.get(), mode, Owner{}, name);
}

void RemoveRemains(int directory, const std::string& name) {
  if (absl::Status removed = RemoveTreeAt(directory, name); !removed.ok()) {
    log::Warn("cannot remove {}: {}", name, removed.message());
  }
}

absl::Status RemoveEntry(int directory, const std::string& id) {
  RETURN_IF_ERROR(RemoveTreeAt(directory, Partial(id)));
  RETURN_IF_ERROR(RemoveTreeAt(directory, Deleting(id)));
  const absl::Status renamed = RenameAt(directory, id, Deleting(id));
  if (absl::IsNotFound(renamed)) return absl::OkStatus();
  RETURN_IF_ERROR(renamed);
  RETURN_IF_ERROR(Failpoint("disks.deleting"));
  return RemoveTreeAt(directory, Deleting(id));
}

absl::StatusOr<ImportedImage> ReadLayer(const DiskDirectories& directories, const std::string& id) {
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(directories.layers.get(), id));
  ASSIGN_OR_RETURN(const std::string manifest, ReadFileAt(directory.get(), kLayerManifest, kMaxManifestBytes));
  return ParseLayerManifest(manifest);
}

absl::StatusOr<ImportedImage> FindLayerDisk(const DiskDirectories& directories, const std::string& id) {
  RETURN_IF_ERROR(CheckLayerId(id));
  const absl::StatusOr<UniqueFd> layer = OpenDirectoryAt(directories.layers.get(), id);
  if (absl::IsNotFound(layer.status())) return absl::NotFoundError(absl::StrCat("the files of ", id, " are not there"));
  RETURN_IF_ERROR(layer.status());
  ASSIGN_OR_RETURN(const ImportedImage found, ReadLayer(directories, id));
  if (found.disk_file.empty()) return absl::NotFoundError(absl::StrCat(id, " has no disk"));
  ASSIGN_OR_RETURN(const EntryKind disk, KindOfAt(layer->get(), found.disk_file));
  if (disk == EntryKind::kFile) return found;
  return absl::NotFoundError(absl::StrCat("the disk of ", id, " is not there"));
}

absl::StatusOr<Owner> OwnerOfDisk(const DiskDirectories& directories, int directory, const std::string& name) {
  struct stat info = {};
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileError(errno, absl::StrCat("looking at ", name));
  }
  return info.st_uid == 0 ? directories.guests : Owner{info.st_uid, info.st_gid};
}

absl::Status GiveDisk(int directory, const std::string& name, Owner owner) {
  ASSIGN_OR_RETURN(const UniqueFd disk, OpenForReading(directory, name));
  struct stat info = {};
  if (fstat(disk.get(), &info) != 0) return FileError(errno, absl::StrCat("looking at ", name));
  if (!S_ISREG(info.st_mode)) return absl::DataLossError(absl::StrCat(name, " is not a regular file"));
  if (info.st_uid == 0 || (info.st_uid == owner.uid && info.st_gid == owner.gid)) return absl::OkStatus();
  return Settle(disk.get(), 0600, owner, name);
}

namespace {

// LUKS takes its time over a passphrase so that none is guessed; ours is 256 random bits.
constexpr char kLuks[] = "encrypt.format=luks,encrypt.iter-time=10,encrypt.key-secret=";

// `file` is the disk's, empty.
absl::Status MakeEncrypted(const DiskDirectories& directories, const NewDisk& wanted, UniqueFd& file) {
  const Owner owner = wanted.owner.value_or(directories.guests);
  RETURN_IF_ERROR(Settle(file.get(), 0600, owner, wanted.name));
  // qemu-img deletes a file that it gives up on, and would make the next one for everybody to read.
  const auto renew = [&]() -> absl::Status {
    if (unlinkat(wanted.directory, wanted.name.c_str(), 0) != 0 && errno != ENOENT) {
      return FileError(errno, "making a disk");
    }
    ASSIGN_OR_RETURN(file, CreateFileAt(wanted.directory, wanted.name));
    return Settle(file.get(), 0600, owner, wanted.name);
  };
  ASSIGN_OR_RETURN(std::string key, directories.keys.KeyOf(wanted.data_key_id));
  const std::string path = absl::StrCat(wanted.path, "/", wanted.name);
  std::vector<std::string> arguments = {"create", "-q", "-u", "-f", "qcow2", "-o", absl::StrCat(kLuks, kSecretId)};
  if (!wanted.below.empty()) arguments.insert(arguments.end(), {"-b", wanted.below, "-F", "qcow2"});
  arguments.insert(arguments.end(), {path, absl::StrCat(wanted.size_bytes)});
  return RunQemuImg(arguments, {.user = owner, .writable = {path}, .key = std::move(key), .renew = renew});
}

}  // namespace

absl::Status WriteDisk(const DiskDirectories& directories, const NewDisk& wanted) {
  ASSIGN_OR_RETURN(UniqueFd disk, CreateFileAt(wanted.directory, wanted.name));
  if (wanted.data_key_id.empty()) {
    const Qcow2Layout layout = EmptyQcow2(wanted.size_bytes, wanted.below);
    if (ftruncate(disk.get(), layout.file_size) != 0) return FileError(errno, "making a disk");
    for (const Qcow2Layout::Piece& piece : layout.pieces) {
      RETURN_IF_ERROR(WriteAt(disk.get(), piece.offset, piece.bytes));
    }
  } else {
    RETURN_IF_ERROR(MakeEncrypted(directories, wanted, disk));
  }
  return Settle(disk.get(), 0600, wanted.owner.value_or(directories.guests), wanted.name);
}

}  // namespace brume::storage
