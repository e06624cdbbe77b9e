// Small files that nobody but their owner may read: keys and credentials.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume {

// Puts a file of mode 0600 with `content` at `path` and on disk: whole or, after a crash, not at all. Replaces what was
// there. Error: Unavailable.
absl::Status WritePrivateFile(const std::string& path, absl::string_view content);

// Errors: NotFound; FailedPrecondition when it is no plain file, or others than its owner have any right to it;
// Unavailable when it cannot be read.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

}  // namespace brume
