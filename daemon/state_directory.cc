#include "daemon/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

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

}  // namespace brume::daemon
