#include "lib/store/row_record.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"

namespace brume::store {
namespace {

// Names of columns come from the descriptions in the code alone, never from a text that was read.
std::vector<absl::string_view> KeptColumns(const TableDescription& table) {
  std::vector<absl::string_view> names;
  for (const ColumnDescription& column : table.columns) {
    if (column.role != ColumnRole::kUnmapped && column.role != ColumnRole::kAssigned) names.push_back(column.name);
  }
  return names;
}

std::string ReadText(Row& row) {
  std::string text;
  row.Read(text);
  return text;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> RowToJson(Connection& connection, const TableDescription& table,
                                                     const std::string& key) {
  const auto member = [](std::string* out, absl::string_view column) {
    absl::StrAppend(out, "'", column, "', ", column);
  };
  const std::string sql = absl::StrCat("SELECT json_object(", absl::StrJoin(KeptColumns(table), ", ", member),
                                       ") FROM ", table.name, " WHERE ", table.columns.front().name, " = ?");
  return connection.First(sql, ReadText, key);
}

absl::Status InsertFromJson(Connection& connection, const TableDescription& table, const std::string& json,
                            absl::Span<const absl::string_view> without) {
  ASSIGN_OR_RETURN(const auto valid,
                   connection.First("SELECT CASE WHEN json_valid(?) THEN 'yes' ELSE 'no' END", ReadText, json));
  if (valid != "yes") return absl::InvalidArgumentError("it is no JSON");
  ASSIGN_OR_RETURN(const std::vector<std::string> members,
                   connection.All("SELECT key FROM json_each(?, '$.row')", ReadText, json));
  const std::set<absl::string_view> has(members.begin(), members.end());
  std::vector<absl::string_view> columns;
  for (const absl::string_view column : KeptColumns(table)) {
    if (has.contains(column) && std::find(without.begin(), without.end(), column) == without.end()) {
      columns.push_back(column);
    }
  }
  if (columns.empty()) return absl::InvalidArgumentError("it has no row");
  const auto value = [](std::string* out, absl::string_view column) {
    absl::StrAppend(out, "json_extract(text, '$.row.", column, "')");
  };
  return connection.Run(absl::StrCat("INSERT INTO ", table.name, " (", absl::StrJoin(columns, ", "), ") SELECT ",
                                     absl::StrJoin(columns, ", ", value), " FROM (SELECT ? AS text)"),
                        json);
}

}  // namespace brume::store
