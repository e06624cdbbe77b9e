#include "lib/ec2/compute/libvirt/console_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open the directory ", path));
  return fd;
}

// A regular file, not a link and not a FIFO that would make us wait. No file: an empty descriptor.
absl::StatusOr<UniqueFd> OpenLog(const UniqueFd& directory, const std::string& name, int flags) {
  UniqueFd fd(openat(directory.get(), name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fd;
  if (!fd) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", name));
  struct stat facts;
  if (fstat(fd.get(), &facts) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", name));
  if (!S_ISREG(facts.st_mode)) return absl::FailedPreconditionError(absl::StrCat(name, " is not a regular file"));
  return fd;
}

absl::StatusOr<std::string> Tail(const UniqueFd& fd, size_t max_bytes) {
  const off_t size = lseek(fd.get(), 0, SEEK_END);
  if (size < 0) return absl::ErrnoToStatus(errno, "cannot seek in a log");
  std::string text(std::min<size_t>(size, max_bytes), '\0');
  size_t have = 0;
  while (have < text.size()) {
    const ssize_t count = pread(fd.get(), text.data() + have, text.size() - have, size - text.size() + have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, "cannot read a log");
    if (count == 0) break;
    have += count;
  }
  text.resize(have);
  return text;
}

absl::Status WriteAll(const UniqueFd& fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(fd.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "cannot write a log");
    if (count > 0) done += count;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadLogTail(const std::string& directory, const std::string& name, size_t max_bytes) {
  ASSIGN_OR_RETURN(const UniqueFd where, OpenDirectory(directory));
  std::string older, newer;
  ASSIGN_OR_RETURN(const UniqueFd log, OpenLog(where, name, O_RDONLY));
  if (log) {
    ASSIGN_OR_RETURN(newer, Tail(log, max_bytes));
  }
  if (newer.size() < max_bytes) {
    ASSIGN_OR_RETURN(const UniqueFd old_log, OpenLog(where, name + ".1", O_RDONLY));
    if (old_log) {
      ASSIGN_OR_RETURN(older, Tail(old_log, max_bytes - newer.size()));
    }
  }
  return older + newer;
}

absl::Status TrimLog(const std::string& directory, const std::string& name, int64_t limit) {
  ASSIGN_OR_RETURN(const UniqueFd where, OpenDirectory(directory));
  ASSIGN_OR_RETURN(const UniqueFd log, OpenLog(where, name, O_RDWR));
  if (!log) return absl::OkStatus();
  struct stat facts;
  if (fstat(log.get(), &facts) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", name));
  if (facts.st_size <= limit / 2) return absl::OkStatus();

  const std::string fresh = name + ".new";
  if (unlinkat(where.get(), fresh.c_str(), 0) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove ", fresh));
  }
  const UniqueFd copy(openat(where.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!copy) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", fresh));
  ASSIGN_OR_RETURN(const std::string newest, Tail(log, limit / 2));
  RETURN_IF_ERROR(WriteAll(copy, newest));
  if (renameat(where.get(), fresh.c_str(), where.get(), (name + ".1").c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot replace ", name, ".1"));
  }
  // What the guest writes between Tail() and here is lost: microseconds once in hundreds of KiB of a console's output.
  if (ftruncate(log.get(), 0) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot empty ", name));
  return absl::OkStatus();
}

LogTrimmer::LogTrimmer(int64_t limit) : limit_(limit), loop_(kInterval, [this] { TrimAll(); }) { loop_.Start(); }

void LogTrimmer::Watch(const std::string& directory, const std::string& name, const std::string& companion) {
  MutexLock lock(mutex_);
  logs_[directory] = Log{directory, name, companion};
}

absl::StatusOr<std::string> LogTrimmer::Read(const std::string& directory, const std::string& name, size_t max_bytes) {
  MutexLock lock(trimming_);
  return ReadLogTail(directory, name, max_bytes);
}

bool LogTrimmer::Trim(Log& log) {
  absl::Status status = TrimLog(log.directory, log.name, limit_);
  if (absl::IsNotFound(status)) {
    // The instance is gone. Nothing depends on its companion: a leftover is only untidy.
    for (const char* suffix : {"", ".1"}) {
      if (!log.companion.empty()) unlink(absl::StrCat(log.companion, suffix).c_str());
    }
    return false;
  }
  if (status.ok() && !log.companion.empty()) {
    const std::filesystem::path companion(log.companion);
    status = TrimLog(companion.parent_path(), companion.filename(), limit_);
    if (absl::IsNotFound(status)) status = absl::OkStatus();  // it has yet to be made
  }
  if (!status.ok() && !std::exchange(log.complained, true)) {
    log::Warn("cannot keep the logs in {} short: {}", log.directory, status.message());
  }
  return true;
}

void LogTrimmer::TrimAll() {
  std::map<std::string, Log> logs;
  {
    MutexLock lock(mutex_);
    logs = logs_;
  }
  std::vector<std::string> gone;
  for (auto& [directory, log] : logs) {
    MutexLock trimming(trimming_);
    if (!Trim(log)) gone.push_back(directory);
  }
  MutexLock lock(mutex_);
  for (auto& [directory, log] : logs) {
    if (const auto it = logs_.find(directory); it != logs_.end()) it->second.complained = log.complained;
  }
  for (const std::string& directory : gone) logs_.erase(directory);
}

}  // namespace brume::compute
