// Opens what an import names: only regular files and directories below the permitted directories, reached without a
// link, and checked before they are opened (to open a FIFO or a device can have effects of its own).
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"

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

}  // namespace brume::storage
