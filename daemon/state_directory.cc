#include "daemon/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/log.h"

namespace brume::daemon {

absl::StatusOr<UniqueFd> ClaimStateDirectory(const std::string& path) {
  const auto failed = [&](absl::string_view what) {
    return absl::UnavailableError(absl::StrCat("cannot ", what, " the state directory ", path, ": ", strerror(errno)));
  };
  if (mkdir(path.c_str(), 0711) != 0 && errno != EEXIST) return failed("make");
  const std::string lock_path = path + "/lock";
  UniqueFd lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return failed("write to");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("lock");
    return absl::UnavailableError(absl::StrCat("another brumed runs on the state directory ", path));
  }
  return lock;
}

absl::Status TightenDatabase(const std::string& path) {
  constexpr mode_t kOfOwner = 0700;
  for (const char* name : {"/brume.db", "/brume.db-wal", "/brume.db-shm"}) {
    const std::string file = path + name;
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat info;
    if (!fd && errno == ENOENT) continue;
    if (!fd || fstat(fd.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", file));
    if ((info.st_mode & 0777 & ~kOfOwner) == 0) continue;
    if (fchmod(fd.get(), info.st_mode & kOfOwner) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", file, " unreadable for others"));
    }
    log::Warn("{} had mode {}, so others could read it; it has mode {} now", file,
              absl::StrFormat("%04o", info.st_mode & 0777), absl::StrFormat("%04o", info.st_mode & kOfOwner));
  }
  return absl::OkStatus();
}

}  // namespace brume::daemon
