#include "lib/base/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume {
namespace {

constexpr size_t kMaxBytes = 64 * 1024;

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, " ", path, ": ", strerror(errno)));
}

}  // namespace

absl::Status WritePrivateFile(const std::string& path, absl::string_view content) {
  const SideEffect effect("private_file", std::filesystem::path(path).filename().string());
  RETURN_IF_ERROR(effect.status());
  const std::string draft = path + ".new";
  // Left by a crash; the state directory has one user at a time.
  if (unlink(draft.c_str()) != 0 && errno != ENOENT) return Failed("remove", draft);
  UniqueFd file(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return Failed("make", draft);
  while (!content.empty()) {
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", draft);
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file.get()) != 0) return Failed("write", draft);
  if (rename(draft.c_str(), path.c_str()) != 0) return Failed("make", path);
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const UniqueFd directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || fsync(directory.get()) != 0) return Failed("write", parent);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  if (!file) return Failed("open", path);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) return Failed("read", path);
  if (!S_ISREG(status.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is not a plain file"));
  if ((status.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s has mode %04o: others than its owner may use it; set it to 0600", path, status.st_mode & 07777));
  }
  std::string content(kMaxBytes, '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  content.resize(size);
  return content;
}

}  // namespace brume
