// The state directory: made, checked for writing, and held by one daemon at a time.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"

namespace brume::daemon {

// Makes the directory (0711: QEMU's user must pass through) if it is missing, and locks STATE/lock for as long as the
// returned descriptor lives. Errors: Unavailable when another brumed holds it, or when it cannot be written.
absl::StatusOr<UniqueFd> ClaimStateDirectory(const std::string& path);

// Takes the rights of others away from the database and its journals, which hold user data and keys; a warning says
// what they were. OK where there is none yet. Error: the kernel's.
absl::Status TightenDatabase(const std::string& path);

}  // namespace brume::daemon
