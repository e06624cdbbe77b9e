#include "lib/ec2/storage/qcow2/directory_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"

namespace brume::storage {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// Deeper trees than ours were not made by us.
constexpr int kMaxDepth = 16;

absl::Status BecameShorter() { return absl::InvalidArgumentError("the image became shorter while it was copied"); }

absl::Status CopyRange(int from, int to, uint64_t offset, uint64_t end) {
  std::vector<char> buffer(1 << 20);
  while (offset < end) {
    const ssize_t count = pread(from, buffer.data(), std::min<uint64_t>(buffer.size(), end - offset), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading the image");
    if (count == 0) return BecameShorter();
    RETURN_IF_ERROR(WriteAt(to, offset, {buffer.data(), static_cast<size_t>(count)}));
    offset += count;
  }
  return absl::OkStatus();
}

absl::Status RemoveTree(int directory, const std::string& name, int depth) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  if (errno != EISDIR && errno != EPERM) return FileError(errno, absl::StrCat("removing ", name));
  if (depth > kMaxDepth) return absl::FailedPreconditionError(absl::StrCat("removing ", name, ": nested too deep"));
  {
    ASSIGN_OR_RETURN(const UniqueFd inside, OpenDirectoryAt(directory, name));
    ASSIGN_OR_RETURN(const std::vector<std::string> entries, EntriesOf(inside.get()));
    for (const std::string& entry : entries) RETURN_IF_ERROR(RemoveTree(inside.get(), entry, depth + 1));
  }
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileError(errno, absl::StrCat("removing ", name));
}

}  // namespace

absl::Status FileError(int error, absl::string_view what) {
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": the disk is full: free some space in the state directory"));
  }
  return absl::ErrnoToStatus(error, what);
}

absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path) {
  UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return FileError(errno, absl::StrCat("opening directory ", path));
  return directory;
}

absl::StatusOr<UniqueFd> OpenDirectoryAt(int directory, const std::string& name) {
  UniqueFd opened(openat(directory, name.c_str(), kDirectoryFlags));
  if (!opened) return FileError(errno, absl::StrCat("opening directory ", name));
  return opened;
}

absl::StatusOr<UniqueFd> EnsureDirectoryAt(int directory, const std::string& name, mode_t mode, Owner owner) {
  const SideEffect effect("file.ensure_directory", name);
  RETURN_IF_ERROR(effect.status());
  if (mkdirat(directory, name.c_str(), 0700) != 0 && errno != EEXIST) {
    return FileError(errno, absl::StrCat("making directory ", name));
  }
  ASSIGN_OR_RETURN(UniqueFd made, OpenDirectoryAt(directory, name));
  RETURN_IF_ERROR(Settle(made.get(), mode, owner, name));
  RETURN_IF_ERROR(SyncDirectory(directory, name));
  return made;
}

absl::StatusOr<UniqueFd> CreateDirectoryAt(int directory, const std::string& name, mode_t mode, Owner owner) {
  const SideEffect effect("file.make_directory", name);
  RETURN_IF_ERROR(effect.status());
  if (mkdirat(directory, name.c_str(), 0700) != 0) return FileError(errno, absl::StrCat("making directory ", name));
  ASSIGN_OR_RETURN(UniqueFd made, OpenDirectoryAt(directory, name));
  RETURN_IF_ERROR(Settle(made.get(), mode, owner, name));
  return made;
}

absl::StatusOr<UniqueFd> CreateFileAt(int directory, const std::string& name) {
  const SideEffect effect("file.make", name);
  RETURN_IF_ERROR(effect.status());
  UniqueFd file(openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return FileError(errno, absl::StrCat("making ", name));
  return file;
}

absl::StatusOr<std::string> ReadFileAt(int directory, const std::string& name, size_t max_bytes) {
  // O_NONBLOCK: a FIFO must not hold us before we see that it is one.
  const UniqueFd file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return FileError(errno, absl::StrCat("opening ", name));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FileError(errno, absl::StrCat("looking at ", name));
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(name, " is not a regular file"));
  ASSIGN_OR_RETURN(std::string content, ReadStart(file.get(), max_bytes + 1));
  if (content.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is larger than ", max_bytes, " bytes"));
  }
  return content;
}

absl::StatusOr<std::string> ReadStart(int file, size_t max_bytes) {
  std::string content(max_bytes, '\0');
  size_t have = 0;
  while (have < max_bytes) {
    const ssize_t count = pread(file, content.data() + have, max_bytes - have, have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading");
    if (count == 0) break;
    have += count;
  }
  content.resize(have);
  return content;
}

absl::StatusOr<EntryKind> KindOfAt(int directory, const std::string& name) {
  struct stat info;
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return EntryKind::kNone;
    return FileError(errno, absl::StrCat("looking at ", name));
  }
  return S_ISDIR(info.st_mode) ? EntryKind::kDirectory : S_ISREG(info.st_mode) ? EntryKind::kFile : EntryKind::kOther;
}

absl::StatusOr<std::vector<std::string>> EntriesOf(int directory) {
  // A description of its own: fdopendir takes it over, and its position is not the caller's.
  UniqueFd again(openat(directory, ".", kDirectoryFlags));
  if (!again) return FileError(errno, "opening a directory again");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(again.get()), closedir);
  if (stream == nullptr) return FileError(errno, "reading a directory");
  again.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) names.push_back(entry->d_name);
    errno = 0;
  }
  if (errno != 0) return FileError(errno, "reading a directory");
  return names;
}

absl::Status WriteAt(int file, uint64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(file, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "writing");
    offset += count;
    bytes.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status CopyContent(int from, int to, uint64_t size) {
  if (ioctl(to, FICLONE, from) == 0) return absl::OkStatus();
  if (ftruncate(to, size) != 0) return FileError(errno, "copying");
  uint64_t offset = 0;
  while (offset < size) {
    const off_t data = lseek(from, offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // holes to the end
    const off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    // A file system without holes: all is data.
    const uint64_t begin = data < 0 ? offset : data;
    const uint64_t end = hole < 0 ? size : std::min<uint64_t>(hole, size);
    if (begin >= size) break;
    RETURN_IF_ERROR(CopyRange(from, to, begin, end));
    offset = end;
  }
  // What was cut off meanwhile looks like a hole.
  struct stat now;
  if (fstat(from, &now) != 0) return FileError(errno, "looking at the image");
  return static_cast<uint64_t>(now.st_size) < size ? BecameShorter() : absl::OkStatus();
}

absl::Status Settle(int file, mode_t mode, Owner owner, absl::string_view name) {
  const SideEffect effect("file.settle", name);
  RETURN_IF_ERROR(effect.status());
  // Owner first: it clears the set-id bits, and the mode must hold for the owner it is meant for. Unprivileged (tests,
  // development) a file can only be our own.
  if (geteuid() == 0 && fchown(file, owner.uid, owner.gid) != 0) {
    return FileError(errno, absl::StrCat("setting the owner of ", name));
  }
  if (fchmod(file, mode) != 0) return FileError(errno, absl::StrCat("setting the mode of ", name));
  if (fsync(file) != 0) return FileError(errno, absl::StrCat("writing ", name, " to disk"));
  return absl::OkStatus();
}

absl::Status SyncDirectory(int directory, absl::string_view name) {
  if (fsync(directory) != 0) return FileError(errno, absl::StrCat("writing ", name, " to disk"));
  return absl::OkStatus();
}

absl::StatusOr<DiskSpace> SpaceAt(int directory) {
  struct statvfs info;
  if (fstatvfs(directory, &info) != 0) return FileError(errno, "asking for free space");
  const auto block = static_cast<int64_t>(info.f_frsize);
  return DiskSpace{.free_bytes = static_cast<int64_t>(info.f_bavail) * block,
                   .total_bytes = static_cast<int64_t>(info.f_blocks) * block};
}

absl::Status RenameAt(int directory, const std::string& from, const std::string& to) {
  const SideEffect effect("file.rename", to);
  RETURN_IF_ERROR(effect.status());
  if (renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) != 0) {
    return FileError(errno, absl::StrCat("renaming ", from, " to ", to));
  }
  return SyncDirectory(directory, to);
}

absl::Status ReplaceAt(int directory, const std::string& from, const std::string& to) {
  const SideEffect effect("file.replace", to);
  RETURN_IF_ERROR(effect.status());
  if (renameat(directory, from.c_str(), directory, to.c_str()) != 0) {
    return FileError(errno, absl::StrCat("replacing ", to));
  }
  return SyncDirectory(directory, to);
}

absl::Status LinkAt(int from_directory, const std::string& from, int to_directory, const std::string& to) {
  const SideEffect effect("file.link", to);
  RETURN_IF_ERROR(effect.status());
  if (linkat(from_directory, from.c_str(), to_directory, to.c_str(), 0) != 0) {
    return FileError(errno, absl::StrCat("giving ", from, " the name ", to));
  }
  return SyncDirectory(to_directory, to);
}

absl::Status ReplaceFileAt(int directory, const std::string& name, absl::string_view content, mode_t mode) {
  const std::string partial = absl::StrCat(".", name, ".partial");
  RETURN_IF_ERROR(RemoveTreeAt(directory, partial));
  ASSIGN_OR_RETURN(const UniqueFd file, CreateFileAt(directory, partial));
  RETURN_IF_ERROR(WriteAt(file.get(), 0, content));
  RETURN_IF_ERROR(Settle(file.get(), mode, Owner{}, name));
  return ReplaceAt(directory, partial, name);
}

absl::Status RemoveTreeAt(int directory, const std::string& name) {
  const SideEffect effect("file.remove", name);
  RETURN_IF_ERROR(effect.status());
  return RemoveTree(directory, name, 0);
}

}  // namespace brume::storage
