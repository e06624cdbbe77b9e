#include "lib/store/table_mapping.h"

#include <cstdint>
#include <list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume::store {
namespace {

const void* FieldIn(const void* row, const MappedColumn& column) {
  return static_cast<const char*>(row) + column.offset;
}
void* FieldIn(void* row, const MappedColumn& column) { return static_cast<char*>(row) + column.offset; }

}  // namespace

TableMapping::TableMapping(absl::string_view name, absl::string_view noun, std::vector<MappedColumn> columns)
    : noun_(noun), columns_(std::move(columns)) {
  TableDescription description{std::string(name), {}};
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ColumnRole role = columns_[i].description.role;
    description.columns.push_back(columns_[i].description);
    if (role == ColumnRole::kUnmapped) continue;
    read_.push_back(i);
    if (role == ColumnRole::kKey || (role == ColumnRole::kAssigned && i == 0)) keys_.push_back(i);
    if (role == ColumnRole::kVersion) version_ = columns_[i].offset;
    if (role == ColumnRole::kMutable) changing_.push_back(i);
    if (role != ColumnRole::kAssigned) inserted_.push_back(i);
  }
  sql_ = MakeStatements(description);
}

std::string TableMapping::SelectFrom(absl::string_view from) const {
  return absl::StrCat("SELECT ", sql_.columns, " FROM ", from);
}

std::string TableMapping::SetSql(size_t offset, const FieldCodec& codec) const {
  absl::string_view name;
  for (const size_t i : changing_) {
    if (columns_[i].offset == offset && columns_[i].codec == &codec) name = columns_[i].description.name;
  }
  return SetOf(sql_, name);
}

TableDescription TableMapping::Describe() const {
  TableDescription description{sql_.table, {}};
  for (const MappedColumn& column : columns_) description.columns.push_back(column.description);
  return description;
}

void TableMapping::Read(Row& from, void* row) const {
  for (const size_t i : read_) {
    const absl::Status read = columns_[i].codec->read(from, FieldIn(row, columns_[i]));
    if (read.ok()) continue;
    from.Fail(absl::DataLossError(absl::StrCat("the column ", sql_.table, ".", columns_[i].description.name, " of the ",
                                               noun_, " ", TextOf(row), " is damaged: ", read.message())));
  }
}

absl::Status TableMapping::Insert(Connection& connection, const void* row) const {
  return Run(connection, sql_.insert, row, {&inserted_});
}

absl::Status TableMapping::InsertWith(Connection& connection, const void* row,
                                      const std::vector<absl::string_view>& others,
                                      absl::Span<const BoundValue> values) const {
  return Run(connection, store::InsertWith(sql_, others), row, {&inserted_}, values);
}

absl::Status TableMapping::Put(Connection& connection, const void* row) const {
  return Run(connection, sql_.put, row, {&inserted_});
}

absl::Status TableMapping::Update(Connection& connection, void* row) const {
  return Update(connection, row, sql_.update, changing_);
}

absl::Status TableMapping::Update(Connection& connection, void* row, absl::Span<const absl::string_view> names) const {
  Columns some;
  for (const absl::string_view name : names) {
    for (const size_t i : changing_) {
      if (columns_[i].description.name == name) some.push_back(i);
    }
  }
  return Update(connection, row, UpdateOf(sql_, {names.begin(), names.end()}), some);
}

absl::Status TableMapping::Overwrite(Connection& connection, const void* row) const {
  return Run(connection, sql_.update, row, {&changing_, &keys_});
}

absl::Status TableMapping::Run(Connection& connection, const std::string& sql, const void* row,
                               std::initializer_list<const Columns*> bound, absl::Span<const BoundValue> values) const {
  std::list<std::string> kept;
  const auto bind = [&](SQLite::Statement& statement) {
    int index = 0;
    for (const Columns* columns : bound) {
      for (const size_t i : *columns) {
        columns_[i].codec->bind(FieldIn(row, columns_[i]), statement, ++index, kept);
      }
    }
    for (const BoundValue& value : values) value.Bind(statement, index);
  };
  return connection.RunBound(sql, bind);
}

absl::Status TableMapping::Update(Connection& connection, void* row, const std::string& sql,
                                  const Columns& changed) const {
  int64_t& version = *static_cast<int64_t*>(static_cast<void*>(static_cast<char*>(row) + version_));
  RETURN_IF_ERROR(Run(connection, sql, row, {&changed, &keys_}, {BoundValue(version)}));
  if (connection.changed_rows() == 0) {
    return absl::AbortedError(absl::StrCat(noun_, " ", TextOf(row), " was changed by someone else meanwhile"));
  }
  ++version;
  return absl::OkStatus();
}

std::string TableMapping::TextOf(const void* row) const {
  std::string text;
  for (const size_t i : keys_) {
    absl::StrAppend(&text, text.empty() ? "" : " ", columns_[i].codec->text(FieldIn(row, columns_[i])));
  }
  return text;
}

}  // namespace brume::store
