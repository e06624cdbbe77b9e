// The schema's history: migrations/NNNN_name.sql, compiled in. Append-only: one that was ever released never changes.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace brume::store {

struct Migration {
  int number;       // the file's user_version once it ran
  const char* sql;  // statements, run in one transaction
};

class Connection;

// What a migration needs done that SQL cannot do, of a module that can: runs in the migration's transaction, before its
// statements. An error, which names the row, undoes the migration. The statements must not go through where the
// conversion was left out, so that nothing is lost by a program that does not hand it in.
struct Conversion {
  int number;  // the migration's
  std::function<absl::Status(Connection& connection)> run;
};

// In order, numbered from 1 without gaps.
absl::Span<const Migration> Migrations();

}  // namespace brume::store
