#include "lib/store/table_statements.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/store/connection.h"

namespace brume::store {
namespace {

void AppendEqual(std::string* out, absl::string_view column) { absl::StrAppend(out, column, " = ?"); }
void AppendExcluded(std::string* out, absl::string_view column) {
  absl::StrAppend(out, column, " = excluded.", column);
}

}  // namespace

TableStatements MakeStatements(const TableDescription& description) {
  std::vector<absl::string_view> keys, read, inserted, changing;
  TableStatements sql;
  sql.table = description.name;
  for (const ColumnDescription& column : description.columns) {
    const bool is_assigned = column.role == ColumnRole::kAssigned;
    if (column.role == ColumnRole::kKey || (is_assigned && read.empty())) keys.push_back(column.name);
    if (column.role == ColumnRole::kMutable) changing.push_back(column.name);
    if (column.role != ColumnRole::kUnmapped) read.push_back(column.name);
    if (column.role != ColumnRole::kUnmapped && !is_assigned) inserted.push_back(column.name);
    sql.versioned |= column.role == ColumnRole::kVersion;
  }
  sql.columns = absl::StrJoin(read, ", ");
  sql.inserted = absl::StrJoin(inserted, ", ");
  sql.inserted_count = static_cast<int>(inserted.size());
  sql.where = absl::StrJoin(keys, " AND ", AppendEqual);
  sql.find = absl::StrCat("SELECT ", sql.columns, " FROM ", sql.table, " WHERE ", sql.where);
  sql.insert = InsertWith(sql, {});
  sql.put = absl::StrCat(sql.insert, " ON CONFLICT (", absl::StrJoin(keys, ", "), ") DO ",
                         changing.empty() ? "NOTHING" : "UPDATE SET ", absl::StrJoin(changing, ", ", AppendExcluded));
  sql.update = UpdateOf(sql, changing);
  sql.remove = absl::StrCat("DELETE FROM ", sql.table, " WHERE ", sql.where);
  return sql;
}

std::string InsertWith(const TableStatements& table, const std::vector<absl::string_view>& others) {
  return absl::StrCat("INSERT INTO ", table.table, " (", table.inserted, others.empty() ? "" : ", ",
                      absl::StrJoin(others, ", "), ") VALUES (",
                      Placeholders(table.inserted_count + static_cast<int>(others.size())), ")");
}

std::string UpdateOf(const TableStatements& table, const std::vector<absl::string_view>& columns) {
  const std::string set = absl::StrJoin(columns, ", ", AppendEqual);
  const absl::string_view comma = set.empty() ? "" : ", ";
  if (!table.versioned) return absl::StrCat("UPDATE ", table.table, " SET ", set, " WHERE ", table.where);
  return absl::StrCat("UPDATE ", table.table, " SET version = version + 1", comma, set, " WHERE ", table.where,
                      " AND version = ?");
}

std::string SetOf(const TableStatements& table, absl::string_view column) {
  return absl::StrCat("UPDATE ", table.table, " SET ", table.versioned ? "version = version + 1, " : "", column,
                      " = ? WHERE ", table.where);
}

}  // namespace brume::store
