// Opens the database's connections: checks whose file it is, sets it up and brings its schema up to date.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/store/connection.h"
#include "lib/store/migrations.h"

namespace brume::store {

// The connection that writes; creates the file (mode 0600: it holds user data) and migrates it. Errors: as
// Database::Open.
absl::StatusOr<std::unique_ptr<Connection>> OpenWriter(const std::string& path,
                                                       absl::Span<const Conversion> conversions);
// A read-only connection to a file that OpenWriter made.
absl::StatusOr<std::unique_ptr<Connection>> OpenReader(const std::string& path);

}  // namespace brume::store
