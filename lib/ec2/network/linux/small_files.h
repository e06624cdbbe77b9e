// Small files that another process reads.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace brume::network {

// Makes `path` and its parents, mode 0755. OK when it is there.
absl::Status MakeDirectories(const std::string& path);
// Replaces the file as a whole, mode 0644, so that a reader sees the old text or the new. False when it holds `text`
// already.
absl::StatusOr<bool> ReplaceFile(const std::string& path, const std::string& text);
// NotFound when there is none.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace brume::network
