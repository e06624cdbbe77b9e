// Processes that libvirt started and no longer tracks.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/unique_fd.h"

namespace brume::compute {

// A pidfd of the process whose pid is in `pid_file` and whose command line has `mark` in it. NotFound otherwise.
absl::StatusOr<UniqueFd> FindProcess(const std::string& pid_file, absl::string_view mark);

// Asks QEMU to end, which lets it write out what it holds of its disks. True when it is dead at the return, at the
// latest after `patience`.
bool EndProcess(const UniqueFd& process, absl::Duration patience);

// Kills the process. True when it is dead at the return, at the latest after `patience`.
bool KillProcess(const UniqueFd& process, absl::Duration patience);

}  // namespace brume::compute
