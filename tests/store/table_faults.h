// Holds a repository's description of its table against the real one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"
#include "tests/support/temp_dir.h"

namespace brume::store {

struct RealColumn {
  std::string type;
  bool not_null = false;
  bool primary = false;  // the INTEGER PRIMARY KEY or alone in the primary key
};

inline std::map<std::string, RealColumn> RealColumns(Connection& connection, const std::string& table) {
  std::map<std::string, RealColumn> columns;
  REQUIRE_OK(connection.Query(
      "SELECT name, type, \"notnull\" OR pk > 0, pk > 0 AND (SELECT max(pk) FROM pragma_table_info(?1)) = 1 "
      "FROM pragma_table_info(?1)",
      [&](Row& row) {
        std::string name;
        RealColumn column;
        row.Read(name, column.type, column.not_null, column.primary);
        columns.emplace(std::move(name), std::move(column));
      },
      table));
  return columns;
}

// Whether no two rows have the same `columns`, named with commas in the order of an index.
inline bool IsUnique(Connection& connection, const std::string& table, const std::string& columns) {
  bool unique = false;
  REQUIRE_OK(connection.Query(
      "SELECT count(*) > 0 FROM pragma_index_list(?1) AS list WHERE list.\"unique\" AND NOT list.partial AND "
      "(SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)) = ?2",
      [&](Row& row) { row.Read(unique); }, table, columns));
  return unique;
}

// What is wrong with one column, in words; empty = nothing.
inline std::string FaultOf(const ColumnDescription& described, const RealColumn& real) {
  if (described.role == ColumnRole::kUnmapped) return "";
  if (real.type != described.type) return absl::StrCat(" is ", real.type, ", not ", described.type);
  if (described.nulls == Nulls::kNever && !real.not_null) return " may be NULL, the field may not";
  if (described.nulls == Nulls::kAlways && real.not_null) return " may not be NULL, the field may";
  if (described.role == ColumnRole::kAssigned && (!real.primary || real.type != "INTEGER")) {
    return " is not given by SQLite";
  }
  return "";
}

// Columns that are not there, not described, or otherwise than described.
inline std::vector<std::string> Faults(Connection& connection, const TableDescription& description) {
  std::map<std::string, RealColumn> real = RealColumns(connection, description.name);
  std::vector<std::string> faults, keys;
  for (const ColumnDescription& column : description.columns) {
    if (column.role == ColumnRole::kKey) keys.emplace_back(column.name);
    const auto found = real.find(std::string(column.name));
    if (found == real.end()) {
      faults.push_back(absl::StrCat(description.name, ".", column.name, " is not there"));
      continue;
    }
    const std::string fault = FaultOf(column, found->second);
    if (!fault.empty()) faults.push_back(absl::StrCat(description.name, ".", column.name, fault));
    real.erase(found);
  }
  const bool has_assigned_key = !description.columns.empty() && description.columns[0].role == ColumnRole::kAssigned;
  const std::string key = absl::StrJoin(keys, ",");
  if (!has_assigned_key && !IsUnique(connection, description.name, key)) {
    faults.push_back(absl::StrCat(description.name, ".", key, " is a key that is not unique"));
  }
  for (const auto& [name, column] : real)
    faults.push_back(absl::StrCat(description.name, ".", name, " is not described"));
  return faults;
}

}  // namespace brume::store
