// What a repository says of its table, for the test that holds it against the real one. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace brume::store {

enum class ColumnRole {
  kKey,       // names the row, with the other keys; never written again
  kAssigned,  // the INTEGER PRIMARY KEY, which SQLite gives to the row; its key when it comes first
  kVersion,   // counts the writes of the row
  kFixed,     // written with the row's insertion only
  kMutable,   // written by each update
  kUnmapped,  // in the table, but no field of the row in memory
};

enum class Nulls {
  kNever,
  kAlways,     // std::optional
  kWhenEmpty,  // an id: NULL stands for the empty one, so that the column may refuse it
};

struct ColumnDescription {
  absl::string_view name;
  ColumnRole role = ColumnRole::kMutable;
  absl::string_view type;  // as SQLite declares it, "INTEGER"; empty for kUnmapped
  Nulls nulls = Nulls::kNever;
};

struct TableDescription {
  std::string name;
  std::vector<ColumnDescription> columns;  // in the order they are read
};

}  // namespace brume::store
