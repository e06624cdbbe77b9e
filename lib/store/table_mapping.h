// What a described table (table.h) does for rows of any type: they are passed as pointers to what the columns' fields
// lie in. For table.h only, which has the contracts.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/store/connection.h"
#include "lib/store/table_column.h"
#include "lib/store/table_description.h"
#include "lib/store/table_statements.h"

namespace brume::store {

// Immutable, so for any thread.
class TableMapping {
 public:
  TableMapping(absl::string_view name, absl::string_view noun, std::vector<MappedColumn> columns);

  const TableStatements& sql() const { return sql_; }
  std::string SelectFrom(absl::string_view from) const;
  // The statement that sets the field which lies there and is kept as it is by `codec`.
  std::string SetSql(size_t offset, const FieldCodec& codec) const;
  TableDescription Describe() const;

  void Read(Row& from, void* row) const;
  absl::Status Insert(Connection& connection, const void* row) const;
  absl::Status InsertWith(Connection& connection, const void* row, const std::vector<absl::string_view>& others,
                          absl::Span<const BoundValue> values) const;
  absl::Status Put(Connection& connection, const void* row) const;
  absl::Status Update(Connection& connection, void* row) const;
  absl::Status Update(Connection& connection, void* row, absl::Span<const absl::string_view> names) const;
  absl::Status Overwrite(Connection& connection, const void* row) const;

 private:
  // Indices into columns_.
  using Columns = std::vector<size_t>;

  absl::Status Run(Connection& connection, const std::string& sql, const void* row,
                   std::initializer_list<const Columns*> bound, absl::Span<const BoundValue> values = {}) const;
  absl::Status Update(Connection& connection, void* row, const std::string& sql, const Columns& changed) const;
  std::string TextOf(const void* row) const;

  absl::string_view noun_;
  std::vector<MappedColumn> columns_;
  TableStatements sql_;
  Columns keys_, read_, inserted_, changing_;
  size_t version_ = 0;  // where its field lies
};

}  // namespace brume::store
