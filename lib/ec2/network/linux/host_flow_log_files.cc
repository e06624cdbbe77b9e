#include "lib/ec2/network/linux/host_flow_log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

constexpr mode_t kFileMode = 0640, kDirectoryMode = 0750;
// The most of one answer to Read.
constexpr size_t kReadBytes = size_t{1} << 18;

absl::Status FileError(int number, const std::string& what) { return absl::ErrnoToStatus(number, what); }

bool IsName(absl::string_view name) {
  return !name.empty() && name != "." && name != ".." && !absl::StrContains(name, '/') &&
         !absl::StrContains(name, absl::string_view("\0", 1));
}

absl::StatusOr<UniqueFd> Enter(int directory, const std::string& name, bool make) {
  if (!IsName(name)) return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no name of a directory"));
  if (make && mkdirat(directory, name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return FileError(errno, absl::StrCat("making ", name));
  }
  UniqueFd entered(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!entered && (errno == ELOOP || errno == ENOTDIR)) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no directory, and no link is followed"));
  }
  if (!entered) return FileError(errno, absl::StrCat("opening ", name));
  return entered;
}

// A plain file. NotFound when there is none.
absl::StatusOr<UniqueFd> OpenFile(int directory, const std::string& name, int flags) {
  UniqueFd file(openat(directory, name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kFileMode));
  if (!file) return FileError(errno, absl::StrCat("opening ", name));
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return FileError(errno, absl::StrCat("looking at ", name));
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no plain file"));
  return file;
}

// What tells a file from those before and after it: the number of a file that is gone is given to the next.
struct FileIdentity {
  uint64_t inode = 0;
  int64_t born = 0;  // nanoseconds; 0 where the file system does not keep it
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
struct FileState {
  FileIdentity identity;
  int64_t size = 0;
};

absl::StatusOr<FileState> ReadState(const UniqueFd& file) {
  struct statx info = {};
  if (statx(file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &info) != 0) {
    return FileError(errno, "looking at a flow log's file");
  }
  FileState state{.identity = {.inode = info.stx_ino, .born = 0}, .size = static_cast<int64_t>(info.stx_size)};
  constexpr int64_t kNanos = 1'000'000'000;
  if ((info.stx_mask & STATX_BTIME) != 0) state.identity.born = info.stx_btime.tv_sec * kNanos + info.stx_btime.tv_nsec;
  return state;
}

absl::Status WriteAll(int file, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, "writing a flow log");
    text.remove_prefix(written);
  }
  return absl::OkStatus();
}

std::string OldName(const std::string& name, int number) { return absl::StrCat(name, ".", number); }

// "INODE:BORN:OFFSET"; nothing for another text.
struct Position {
  FileIdentity file;
  int64_t offset = 0;
};
std::optional<Position> ParsePosition(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  Position position;
  const bool good = parts.size() == 3 && absl::SimpleAtoi(parts[0], &position.file.inode) &&
                    absl::SimpleAtoi(parts[1], &position.file.born) && absl::SimpleAtoi(parts[2], &position.offset) &&
                    position.offset >= 0;
  return good ? std::optional<Position>(position) : std::nullopt;
}

// The whole lines from the offset on; none for one that is not whole yet.
absl::StatusOr<std::string> ReadLines(const UniqueFd& file, int64_t offset) {
  std::string text(kReadBytes, '\0');
  const ssize_t got = pread(file.get(), text.data(), text.size(), offset);
  if (got < 0) return FileError(errno, "reading a flow log");
  text.resize(got);
  const size_t end = text.rfind('\n');
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

}  // namespace

absl::StatusOr<UniqueFd> HostFlowLogFiles::OpenBucket(const std::string& bucket) const {
  for (const std::string& path : options_.directories) {
    const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory && errno == ENOENT) continue;
    if (!directory) return FileError(errno, absl::StrCat("opening ", path));
    absl::StatusOr<UniqueFd> found = Enter(directory.get(), bucket, /*make=*/false);
    if (!absl::IsNotFound(found.status())) return found;
  }
  return absl::NotFoundError(absl::StrCat("there is no bucket '", bucket,
                                          "': the administrator makes a directory of this name below an export "
                                          "directory (storage.export_dirs)"));
}

absl::StatusOr<HostFlowLogFiles::Place> HostFlowLogFiles::Find(const FlowLogPlace& place, bool make) const {
  Place found;
  ASSIGN_OR_RETURN(found.directory, OpenBucket(place.bucket));
  std::vector<std::string> names = absl::StrSplit(place.key, '/');
  found.name = names.back();
  names.pop_back();
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(found.directory, Enter(found.directory.get(), name, make));
  }
  return found;
}

absl::Status HostFlowLogFiles::Check(const std::string& bucket) { return OpenBucket(bucket).status(); }

absl::Status HostFlowLogFiles::Rotate(const Place& place) const {
  for (int i = options_.max_old_files - 1; i >= 0; --i) {
    const std::string from = i == 0 ? place.name : OldName(place.name, i), to = OldName(place.name, i + 1);
    if (renameat(place.directory.get(), from.c_str(), place.directory.get(), to.c_str()) != 0 && errno != ENOENT) {
      return FileError(errno, absl::StrCat("putting ", from, " aside"));
    }
  }
  return absl::OkStatus();
}

absl::Status HostFlowLogFiles::Append(const FlowLogPlace& place, const std::string& header, const std::string& lines) {
  if (lines.empty()) return absl::OkStatus();
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const Place found, Find(place, /*make=*/true));
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT;
  ASSIGN_OR_RETURN(UniqueFd file, OpenFile(found.directory.get(), found.name, kFlags));
  ASSIGN_OR_RETURN(FileState state, ReadState(file));
  if (state.size > 0 && state.size + static_cast<int64_t>(lines.size()) > options_.max_file_bytes) {
    RETURN_IF_ERROR(Rotate(found));
    ASSIGN_OR_RETURN(file, OpenFile(found.directory.get(), found.name, kFlags));
    ASSIGN_OR_RETURN(state, ReadState(file));
  }
  if (state.size > 0) return WriteAll(file.get(), lines);
  if (fchmod(file.get(), kFileMode) != 0) return FileError(errno, absl::StrCat("making ", found.name));
  return WriteAll(file.get(), absl::StrCat(header, "\n", lines));
}

absl::StatusOr<FlowLogText> HostFlowLogFiles::Read(const FlowLogPlace& place, const std::string& header,
                                                   const std::string& position) {
  MutexLock lock(mutex_);
  FlowLogText text{.lines = {}, .position = position};
  absl::StatusOr<Place> found = Find(place, /*make=*/false);
  if (absl::IsNotFound(found.status())) {
    RETURN_IF_ERROR(OpenBucket(place.bucket).status());
    return text;
  }
  RETURN_IF_ERROR(found.status());
  // From the oldest on; those before the position's are past.
  std::vector<UniqueFd> files;
  std::vector<FileIdentity> identities;
  for (int i = options_.max_old_files; i >= 0; --i) {
    absl::StatusOr<UniqueFd> file =
        OpenFile(found->directory.get(), i == 0 ? found->name : OldName(found->name, i), O_RDONLY);
    if (absl::IsNotFound(file.status())) continue;
    RETURN_IF_ERROR(file.status());
    ASSIGN_OR_RETURN(const FileState state, ReadState(*file));
    files.push_back(*std::move(file));
    identities.push_back(state.identity);
  }
  const std::optional<Position> from = ParsePosition(position);
  size_t first = 0;
  int64_t offset = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!from.has_value() || identities[i] != from->file) continue;
    first = i;
    offset = from->offset;
  }
  for (size_t i = first; i < files.size() && text.lines.empty(); ++i, offset = 0) {
    ASSIGN_OR_RETURN(const std::string lines, ReadLines(files[i], offset));
    text.position =
        absl::StrCat(identities[i].inode, ":", identities[i].born, ":", offset + static_cast<int64_t>(lines.size()));
    for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
      if (line != header) text.lines.emplace_back(line);
    }
  }
  return text;
}

}  // namespace brume::network
