// The SQL of a described table; see table.h. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/store/table_description.h"

namespace brume::store {

struct TableStatements {
  std::string table;
  bool versioned = false;
  std::string columns;   // those that are read: "id, version, …"
  std::string inserted;  // those that are written by INSERT
  int inserted_count = 0;
  std::string where;  // the key: "group_seq = ? AND token = ?"
  std::string find, insert, put, update, remove;
};

// `description` has its key first. Without a version `update` takes the mutable columns and the key, with one the
// version besides.
TableStatements MakeStatements(const TableDescription& description);

// INSERT with further columns behind its own.
std::string InsertWith(const TableStatements& table, const std::vector<absl::string_view>& others);
// As `update`, of these columns alone.
std::string UpdateOf(const TableStatements& table, const std::vector<absl::string_view>& columns);
// One column, then the key. Counts a version on without comparing it.
std::string SetOf(const TableStatements& table, absl::string_view column);

}  // namespace brume::store
