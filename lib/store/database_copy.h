// A copy of a database that is in use, as it is at one instant.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace brume::store {

// Copies the database at `from`, beside whoever reads and writes it, into the empty file `to`: one file without a log.
// Errors: DataLoss; Unavailable when a disk is full or does not read. Blocking.
absl::Status CopyDatabase(const std::string& from, const std::string& to);

// The newest version of the schema that this program knows.
int NewestSchema();

}  // namespace brume::store
