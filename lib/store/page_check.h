// Whether the pages of a database file hold together: damage by a disk or by a hand lies unread for weeks otherwise.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace brume::store {

// SQLite's quick_check by a connection of its own, beside whoever else uses the file, with pauses so that it takes a
// small part of a CPU. Errors: DataLoss with the first damage; Cancelled when `stop` said so; Unavailable when the file
// cannot be read. Blocking.
absl::Status CheckPages(const std::string& path, const std::function<bool()>& stop);

}  // namespace brume::store
