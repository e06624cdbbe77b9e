#include "lib/ec2/network/linux/small_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::network {

absl::Status MakeDirectories(const std::string& path) {
  const SideEffect effect("network_file.make_directories");
  RETURN_IF_ERROR(effect.status());
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot make ", path));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t count;
  while ((count = read(fd.get(), buffer.data(), buffer.size())) > 0) text.append(buffer.data(), count);
  if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  return text;
}

absl::StatusOr<bool> ReplaceFile(const std::string& path, const std::string& text) {
  const absl::StatusOr<std::string> present = ReadFile(path);
  if (present.ok() && *present == text) return false;
  const SideEffect effect("network_file", std::filesystem::path(path).filename().string());
  RETURN_IF_ERROR(effect.status());
  const std::string fresh = path + ".new";
  const auto failed = [&] { return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", fresh)); };
  UniqueFd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return failed();
  fchmod(fd.get(), 0644);  // whatever the umask is; a reader without the right says so itself
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = write(fd.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) return failed();
    if (count > 0) written += count;
  }
  fd.reset();
  // No fsync: after a crash of the host all this is made anew from the database.
  if (rename(fresh.c_str(), path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot replace ", path));
  }
  return true;
}

}  // namespace brume::network
