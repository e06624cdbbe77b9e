#include "cli/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace brume::cli {

absl::StatusOr<KeyFile> KeyFile::Create(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) {
    return absl::InvalidArgumentError(
        absl::StrCat("--save: the file '", path, "' exists already, and a key in it would be lost. Name another."));
  }
  if (!file || fchmod(file.get(), 0600) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--save: the file '", path, "' cannot be made: ", std::strerror(errno)));
  }
  return KeyFile(path, std::move(file));
}

KeyFile::KeyFile(KeyFile&& other) noexcept
    : path_(std::exchange(other.path_, std::string())), file_(std::move(other.file_)) {}

KeyFile::~KeyFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

absl::Status KeyFile::Fill(absl::string_view key) {
  while (!key.empty()) {
    const ssize_t wrote = write(file_.get(), key.data(), key.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    key.remove_prefix(static_cast<size_t>(wrote));
  }
  if (!key.empty() || fsync(file_.get()) != 0) {
    return absl::InternalError(absl::StrCat("the file '", path_, "' cannot be written: ", std::strerror(errno)));
  }
  path_.clear();
  return absl::OkStatus();
}

}  // namespace brume::cli
