// Reads the rows of a ListQuery. For the repositories only.
#pragma once

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/list_query.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/store/connection.h"

namespace brume::storage {

// `name` is the table's, and `condition` what must hold of a row besides.
template <typename Table>
auto SelectPage(const Table& table, store::Connection& connection, absl::string_view name, absl::string_view condition,
                const ListQuery& query) -> decltype(table.Select(connection, name)) {
  const std::string rest = absl::StrCat(" WHERE id > ? AND ", condition, " ORDER BY id LIMIT ?");
  const auto count = static_cast<int64_t>(query.count);
  if (!query.tags.has_value()) return table.Select(connection, absl::StrCat(name, rest), query.after, count);
  ASSIGN_OR_RETURN(const std::vector<std::string> tagged, tagging::GetTagged(connection, *query.tags));
  return table.Select(
      connection, absl::StrCat("(SELECT value AS wanted FROM json_each(?)) CROSS JOIN ", name, " ON id = wanted", rest),
      store::JsonArray(tagged), query.after, count);
}

}  // namespace brume::storage
