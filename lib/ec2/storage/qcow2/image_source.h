// Opens what an import names: only regular files and directories below the permitted directories, reached without a
// link, and looked at before they are opened (to open a FIFO or a device can have effects of its own).
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume::storage {

struct SourceFile {
  UniqueFd fd;  // for reading
  struct stat info = {};
  bool is_directory() const { return S_ISDIR(info.st_mode); }
};

// `location`: an absolute path or file:// URL. Errors: NotFound; InvalidArgument with what is wrong; PermissionDenied
// outside `import_dirs`.
absl::StatusOr<SourceFile> OpenSource(const std::string& location, const std::vector<std::string>& import_dirs);
// A regular file directly in `directory`. `name` must be a plain name.
absl::StatusOr<SourceFile> OpenMember(int directory, const std::string& name);

// image.json, checked: names are plain, values within bounds.
struct Bundle {
  std::string name;
  std::string disk, kernel, initrd;  // empty = has none
  std::string command_line;
  std::string root_device_name;
  std::optional<BootMode> boot_mode;
};
inline constexpr size_t kMaxBundleBytes = 64 * 1024;
// Pure. Error: InvalidArgument.
absl::StatusOr<Bundle> ParseBundle(const std::string& json);

}  // namespace brume::storage
