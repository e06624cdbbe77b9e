// The schema's history: migrations/NNNN_name.sql, compiled in. Append-only: one that was ever released never changes.
#pragma once

#include "absl/types/span.h"

namespace brume::store {

struct Migration {
  int number;       // the file's user_version once it ran
  const char* sql;  // statements, run in one transaction
};

// In order, numbered from 1 without gaps.
absl::Span<const Migration> Migrations();

}  // namespace brume::store
