// Ends a guest's QEMU faster than libvirt does, which looks only every 200 ms whether it is gone.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/unique_fd.h"

namespace brume::compute {

// A pidfd of the process whose pid is in `pid_file` and whose command line has `mark` in it. NotFound otherwise.
absl::StatusOr<UniqueFd> FindProcess(const std::string& pid_file, absl::string_view mark);
// The mark of a guest's QEMU.
std::string GuestMark(absl::string_view guest);

// Asks the process to end and, when it has not within `patience`, ends it. True when it is dead at the return. QEMU
// writes the metadata of its disks out when asked, so the patience saves leaked clusters; the guest's own data in
// flight is lost either way, as in any power cut.
bool EndProcess(const UniqueFd& process, absl::Duration patience);

}  // namespace brume::compute
