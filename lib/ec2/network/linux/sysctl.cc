#include "lib/ec2/network/linux/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::network {
namespace {

std::string Path(const std::string& name) { return "/proc/sys/net/" + name; }

}  // namespace

absl::StatusOr<std::string> ReadSysctl(const std::string& name) {
  const UniqueFd fd(open(Path(name).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> buffer;
  const ssize_t count = fd ? read(fd.get(), buffer.data(), buffer.size()) : -1;
  if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", Path(name)));
  return std::string(absl::StripAsciiWhitespace(absl::string_view(buffer.data(), count)));
}

absl::Status WriteSysctl(const std::string& name, const std::string& value) {
  ASSIGN_OR_RETURN(const std::string present, ReadSysctl(name));
  if (present == value) return absl::OkStatus();
  const SideEffect effect("sysctl", name);
  RETURN_IF_ERROR(effect.status());
  const UniqueFd fd(open(Path(name).c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", value, " to ", Path(name)));
  }
  return absl::OkStatus();
}

}  // namespace brume::network
