// The file the log goes to, as log::Configure was told.
#pragma once

#include "absl/status/status.h"

namespace brume::log {

// Closes the file and opens what has its name now, for who moves logs away (logrotate). The old one is kept when the
// new cannot be opened. OK without a file. Thread-safe.
absl::Status ReopenFile();

}  // namespace brume::log
