// A row as JSON text, for a copy that is kept outside of the database, and the way back. For repositories only.
//
// Errors: as Connection's.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::store {

// {"id":"vol-…","size_gib":8,…}: all columns but what SQLite gives to the row. Unset when there is no such row.
absl::StatusOr<std::optional<std::string>> RowToJson(Connection& connection, const TableDescription& table,
                                                     const std::string& key);

// Inserts the row that is the member `row` of `json`. Columns that it does not have, or that are in `without`, get what
// the table has for them; members that are no columns are ignored. The text is not trusted: what the table's
// constraints let through must be read again. Errors: InvalidArgument when it is no JSON.
absl::Status InsertFromJson(Connection& connection, const TableDescription& table, const std::string& json,
                            absl::Span<const absl::string_view> without);

}  // namespace brume::store
