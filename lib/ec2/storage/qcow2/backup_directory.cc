#include "lib/ec2/storage/qcow2/backup_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

constexpr char kMarker[] = "brume-backups", kLock[] = "lock", kBackups[] = "backups", kObjects[] = "objects";
constexpr char kPartialObject[] = ".partial";
constexpr char kMarkerText[] = "Backups of Brume, format 1. brume backup --verify checks them.\n";
constexpr size_t kMaxManifestSize = 256 << 20;
constexpr mode_t kPrivate = 0700;

Owner Ourselves() { return {geteuid(), getegid()}; }

// The path that the kernel knows the directory by.
std::string RealPath(int directory) {
  char name[PATH_MAX];
  const ssize_t size = readlink(absl::StrCat("/proc/self/fd/", directory).c_str(), name, sizeof(name));
  return size < 0 ? "" : std::string(name, static_cast<size_t>(size));
}

absl::Status CheckOutside(int directory, const std::string& path, const std::string& state_dir) {
  ASSIGN_OR_RETURN(const UniqueFd state, OpenDirectory(state_dir));
  const std::string ours = RealPath(state.get()), theirs = RealPath(directory);
  if (ours.empty() || theirs.empty()) return absl::InternalError("the directory's path cannot be found out");
  if (theirs != ours && !absl::StartsWith(theirs, ours + "/")) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, " is in the state directory ", state_dir,
                                                    ", which is what is backed up: choose another place"));
}

// Makes the directory where only it is missing.
absl::Status EnsureThere(const std::string& path, const std::string& state_dir) {
  const std::string plain(path, 0, path.find_last_not_of('/') + 1);
  const size_t slash = plain.rfind('/');
  if (slash == std::string::npos) return absl::OkStatus();  // "/"
  ASSIGN_OR_RETURN(const UniqueFd parent, OpenDirectory(plain.substr(0, slash + 1)));
  const std::string name = plain.substr(slash + 1);
  ASSIGN_OR_RETURN(const EntryKind kind, KindOfAt(parent.get(), name));
  if (kind != EntryKind::kNone) return absl::OkStatus();
  RETURN_IF_ERROR(CheckOutside(parent.get(), path, state_dir));
  return CreateDirectoryAt(parent.get(), name, kPrivate, Ourselves()).status();
}

absl::Status CheckOwner(int directory, const std::string& path) {
  struct stat info;
  if (fstat(directory, &info) != 0) return FileError(errno, absl::StrCat("looking at ", path));
  if (info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("others than root may write to ", path, ": make it root's own, with mode 0700"));
}

absl::StatusOr<bool> IsNew(int directory, const std::string& path) {
  ASSIGN_OR_RETURN(const EntryKind marker, KindOfAt(directory, kMarker));
  if (marker == EntryKind::kFile) return false;
  ASSIGN_OR_RETURN(const std::vector<std::string> entries, EntriesOf(directory));
  const bool empty = std::all_of(entries.begin(), entries.end(), [](const std::string& name) {
    // What a first backup that was cut off left, and what file systems begin with.
    return name == "lost+found" || name == kLock || absl::StartsWith(name, absl::StrCat(".", kMarker));
  });
  if (empty) return true;
  return absl::FailedPreconditionError(
      absl::StrCat(path, " has other content and no backups: choose an empty directory"));
}

absl::StatusOr<UniqueFd> Lock(int directory, int operation) {
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  UniqueFd lock(openat(directory, kLock, flags, 0600));
  // A medium that is read-only can be read all the same, and nobody writes to it.
  if (!lock && errno == EROFS && operation == LOCK_SH) return lock;
  if (!lock) return FileError(errno, "opening the directory's lock");
  if (flock(lock.get(), operation | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FileError(errno, "locking the directory");
    return absl::FailedPreconditionError("another backup, restore or check uses the directory: wait until it is done");
  }
  return lock;
}

absl::StatusOr<int64_t> SizeOfRegular(int directory, const std::string& name) {
  struct stat info;
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return FileError(errno, name);
  if (!S_ISREG(info.st_mode)) return absl::DataLossError(absl::StrCat(name, " is no regular file"));
  return info.st_size;
}

std::string Shard(const std::string& sha256) { return sha256.substr(0, 2); }

}  // namespace

absl::StatusOr<BackupDirectory> BackupDirectory::OpenParts(UniqueFd root, bool to_write) {
  BackupDirectory opened;
  opened.root_ = std::move(root);
  const int at = opened.root_.get();
  ASSIGN_OR_RETURN(opened.lock_, Lock(at, to_write ? LOCK_EX : LOCK_SH));
  if (to_write) {
    ASSIGN_OR_RETURN(opened.backups_, EnsureDirectoryAt(at, kBackups, kPrivate, Ourselves()));
    ASSIGN_OR_RETURN(opened.objects_, EnsureDirectoryAt(at, kObjects, kPrivate, Ourselves()));
    RETURN_IF_ERROR(RemoveTreeAt(opened.objects_.get(), kPartialObject));
    RETURN_IF_ERROR(opened.LoadSizes());
    return opened;
  }
  ASSIGN_OR_RETURN(opened.backups_, OpenDirectoryAt(at, kBackups));
  ASSIGN_OR_RETURN(opened.objects_, OpenDirectoryAt(at, kObjects));
  return opened;
}

absl::StatusOr<BackupDirectory> BackupDirectory::OpenToWrite(const std::string& path, const std::string& state_dir) {
  if (path.empty() || path.front() != '/') return absl::InvalidArgumentError("the directory's path is not absolute");
  RETURN_IF_ERROR(EnsureThere(path, state_dir));
  ASSIGN_OR_RETURN(UniqueFd root, OpenDirectory(path));
  RETURN_IF_ERROR(CheckOutside(root.get(), path, state_dir));
  RETURN_IF_ERROR(CheckOwner(root.get(), path));
  ASSIGN_OR_RETURN(const bool is_new, IsNew(root.get(), path));
  if (is_new) RETURN_IF_ERROR(ReplaceFileAt(root.get(), kMarker, kMarkerText, 0600));
  return OpenParts(std::move(root), true);
}

absl::StatusOr<BackupDirectory> BackupDirectory::OpenToRead(const std::string& path) {
  ASSIGN_OR_RETURN(UniqueFd root, OpenDirectory(path));
  ASSIGN_OR_RETURN(const EntryKind marker, KindOfAt(root.get(), kMarker));
  if (marker != EntryKind::kFile) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is no directory of backups"));
  }
  return OpenParts(std::move(root), false);
}

absl::StatusOr<std::vector<std::string>> BackupDirectory::List() const {
  ASSIGN_OR_RETURN(std::vector<std::string> names, EntriesOf(backups_.get()));
  std::erase_if(names, [](const std::string& name) { return !IsBackupId(name); });
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> BackupDirectory::ReadText(const std::string& id) const {
  if (!IsBackupId(id)) return absl::InvalidArgumentError(absl::StrCat("'", id, "' is no id of a backup"));
  return ReadFileAt(backups_.get(), id, kMaxManifestSize);
}

absl::StatusOr<BackupManifest> BackupDirectory::Read(const std::string& id) const {
  ASSIGN_OR_RETURN(const std::string text, ReadText(id));
  ASSIGN_OR_RETURN(BackupManifest manifest, ParseManifest(text));
  if (manifest.about.id == id) return manifest;
  return absl::DataLossError(absl::StrCat("the manifest ", id, " is that of another backup"));
}

bool BackupDirectory::Has(const BackupFile& file) const {
  const std::string name = absl::StrCat(Shard(file.sha256), "/", file.sha256);
  const absl::StatusOr<int64_t> size = SizeOfRegular(objects_.get(), name);
  return size.ok() && *size == file.size;
}

absl::StatusOr<UniqueFd> BackupDirectory::Open(const BackupFile& file) const {
  const auto lost = [&](absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat(file.path, " of the backup ", what, " (objects/", Shard(file.sha256), "/", file.sha256, ")"));
  };
  const absl::StatusOr<UniqueFd> shard = OpenDirectoryAt(objects_.get(), Shard(file.sha256));
  if (!shard.ok()) return lost("is missing");
  UniqueFd opened(openat(shard->get(), file.sha256.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info;
  if (!opened) return lost("is missing");
  if (fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode)) return lost("is no regular file");
  if (info.st_size != file.size) return lost(absl::StrCat("has ", info.st_size, " bytes and not ", file.size));
  return opened;
}

absl::StatusOr<BackupDirectory::Added> BackupDirectory::Add(int file, int64_t size, const OnBytes& on_bytes) {
  if (!sizes_.contains(size)) return Write(file, size, on_bytes);
  // It may be there, from a backup that was cut off for one: what need not be written is only read.
  ASSIGN_OR_RETURN(const std::string sha256, CopyHashed(file, -1, size, [&](int64_t) { return on_bytes(0); }));
  if (!Has({.path = "", .sha256 = sha256, .size = size})) return Write(file, size, on_bytes);
  RETURN_IF_ERROR(on_bytes(size));
  return Added{sha256, false};
}

absl::StatusOr<BackupDirectory::Added> BackupDirectory::Write(int file, int64_t size, const OnBytes& on_bytes) {
  RETURN_IF_ERROR(RemoveTreeAt(objects_.get(), kPartialObject));
  Undo undo;
  undo.Push([&] {
    if (const absl::Status removed = RemoveTreeAt(objects_.get(), kPartialObject); !removed.ok()) {
      log::Warn("a partial file of a backup stays until the next one: {}", removed.message());
    }
  });
  ASSIGN_OR_RETURN(const UniqueFd partial, CreateFileAt(objects_.get(), kPartialObject));
  ASSIGN_OR_RETURN(const std::string sha256, CopyHashed(file, partial.get(), size, on_bytes));
  RETURN_IF_ERROR(Settle(partial.get(), 0600, Ourselves(), "a file of the backup"));
  RETURN_IF_ERROR(Failpoint("backup.object_written"));
  ASSIGN_OR_RETURN(const UniqueFd shard, EnsureDirectoryAt(objects_.get(), Shard(sha256), kPrivate, Ourselves()));
  if (renameat(objects_.get(), kPartialObject, shard.get(), sha256.c_str()) != 0) {
    return FileError(errno, "naming a file of the backup");
  }
  undo.Dismiss();
  RETURN_IF_ERROR(SyncDirectory(shard.get(), sha256));
  sizes_.insert(size);
  return Added{sha256, true};
}

absl::Status BackupDirectory::Publish(const std::string& id, const std::string& text) {
  return ReplaceFileAt(backups_.get(), id, text, 0600);
}

absl::Status BackupDirectory::LoadSizes() {
  ASSIGN_OR_RETURN(const std::vector<std::string> shards, EntriesOf(objects_.get()));
  for (const std::string& name : shards) {
    ASSIGN_OR_RETURN(const UniqueFd shard, OpenDirectoryAt(objects_.get(), name));
    ASSIGN_OR_RETURN(const std::vector<std::string> objects, EntriesOf(shard.get()));
    for (const std::string& object : objects) {
      ASSIGN_OR_RETURN(const int64_t size, SizeOfRegular(shard.get(), object));
      sizes_.insert(size);
    }
  }
  return absl::OkStatus();
}

absl::Status BackupDirectory::Prune(int keep) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, List());
  if (keep > 0 && ids.size() > static_cast<size_t>(keep)) {
    for (auto id = ids.begin(); id != ids.end() - keep; ++id) RETURN_IF_ERROR(RemoveTreeAt(backups_.get(), *id));
    RETURN_IF_ERROR(SyncDirectory(backups_.get(), kBackups));
    RETURN_IF_ERROR(Failpoint("backup.pruned"));
  }
  return Sweep();
}

absl::Status BackupDirectory::Sweep() {
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, List());
  std::set<std::string> needed;
  for (const std::string& id : ids) {
    // What one needs that cannot be read is not known, so nothing goes.
    ASSIGN_OR_RETURN(const BackupManifest manifest, Read(id));
    for (const BackupFile& file : manifest.files) needed.insert(file.sha256);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> shards, EntriesOf(objects_.get()));
  for (const std::string& name : shards) {
    ASSIGN_OR_RETURN(const UniqueFd shard, OpenDirectoryAt(objects_.get(), name));
    ASSIGN_OR_RETURN(const std::vector<std::string> objects, EntriesOf(shard.get()));
    for (const std::string& object : objects) {
      if (!needed.contains(object)) RETURN_IF_ERROR(RemoveTreeAt(shard.get(), object));
    }
  }
  return absl::OkStatus();
}

}  // namespace brume::storage
