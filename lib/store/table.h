// A table's rows described once: what a row is in memory and which column keeps which field. From the description come
// SELECT, INSERT, compare-and-set UPDATE, and the test that holds it against the real table. For the repositories only.
//
//   const auto& Volumes() {
//     static const auto table = store::DescribeTable<Volume>(
//         "volumes", "volume",                           // the table, and what messages call one row
//         store::Key("id", &Volume::id),                 // first; several make a composite key
//         store::Assigned("seq", &Volume::seq),          // SQLite gives it; see Connection::inserted_row
//         store::Version(&Volume::version),              // column "version"
//         store::Fixed("created", &Volume::created),     // never written again
//         store::Column("size_gib", &Volume::size_gib),
//         store::Column("reason", &Volume::why, &Reason::code),  // a field of a field
//         store::Json("labels", &Volume::labels),        // json_text.h
//         store::Encoded<store::OpenEnd>("ended", &Volume::ended),  // kept as another type
//         store::Unmapped("seq"));                       // no field of the row in memory
//     return table;
//   }
//
//   ASSIGN_OR_RETURN(std::optional<Volume> found, Volumes().Find(connection, id));
//   found->size_gib = 16;
//   RETURN_IF_ERROR(Volumes().Update(connection, *found));  // Aborted when someone else wrote the row since
//
// A row that belongs to another names it in its key: a struct of the parent's key and the part, in the repository. What
// takes several columns of a field that may be unset is a struct there too. Reading gives DataLoss, with the names of
// table, row and column, when a column holds what was never written to it: nothing is half read.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table_column.h"
#include "lib/store/table_description.h"
#include "lib/store/table_statements.h"

namespace brume::store {

// The value of an unmapped column for Insert. The value is not copied.
template <typename T>
struct With {
  absl::string_view column;
  const T& value;
};

// Immutable, so for any thread; the connection is the caller's. A KeyValue is the key, or std::tie of a composite key's
// parts.
template <typename T, bool versioned>
class Table {
 public:
  Table(absl::string_view name, absl::string_view noun, std::vector<ColumnPtr<T>> columns)
      : noun_(noun), columns_(std::move(columns)), sql_(MakeStatements(Describe(name))) {
    for (const ColumnPtr<T>& column : columns_) {
      const ColumnRole role = column->description.role;
      if (IsKey(column)) keys_.push_back(column.get());
      if (role == ColumnRole::kVersion) version_ = column.get();
      if (role == ColumnRole::kMutable) changing_.push_back(column.get());
      if (role != ColumnRole::kUnmapped) read_.push_back(column.get());
      if (role != ColumnRole::kUnmapped && role != ColumnRole::kAssigned) inserted_.push_back(column.get());
    }
  }

  // What a SELECT for Read must name, in this order: "id, version, …".
  const std::string& columns() const { return sql_.columns; }
  // A row that is damaged ends the query, whatever Read gives for it.
  T Read(Row& from) const {
    T row;
    for (const ColumnOf<T>* column : read_) {
      const absl::Status read = column->Read(from, row);
      if (read.ok()) continue;
      from.Fail(absl::DataLossError(absl::StrCat("the column ", sql_.table, ".", column->description.name, " of the ",
                                                 noun_, " ", TextOf(row), " is damaged: ", read.message())));
    }
    return row;
  }

  template <typename KeyValue>
  absl::StatusOr<std::optional<T>> Find(Connection& connection, const KeyValue& key) const {
    return connection.First(sql_.find, Reader(), key);
  }
  // As Find; a row that is not there is the key's own NotFound.
  template <typename KeyValue>
  absl::StatusOr<T> Get(Connection& connection, const KeyValue& key) const {
    ASSIGN_OR_RETURN(std::optional<T> found, Find(connection, key));
    if (!found.has_value()) return key.NotFound();
    return *std::move(found);
  }
  // `from` is what follows FROM: "volumes WHERE size_gib > ? ORDER BY seq". Joined tables must bring no columns of the
  // same names.
  template <typename... Args>
  absl::StatusOr<std::vector<T>> Select(Connection& connection, absl::string_view from, const Args&... args) const {
    return connection.All(absl::StrCat("SELECT ", sql_.columns, " FROM ", from), Reader(), args...);
  }
  // The first that Select would give.
  template <typename... Args>
  absl::StatusOr<std::optional<T>> First(Connection& connection, absl::string_view from, const Args&... args) const {
    return connection.First(absl::StrCat("SELECT ", sql_.columns, " FROM ", from), Reader(), args...);
  }

  template <typename... Values>
  absl::Status Insert(Connection& connection, const T& row, const With<Values>&... others) const {
    std::list<std::string> kept;
    const auto bind = BinderOf(row, inserted_, kept);
    if constexpr (sizeof...(others) == 0) {
      return connection.Run(sql_.insert, Binding{bind});
    } else {
      return connection.Run(InsertWith(sql_, {others.column...}), Binding{bind}, others.value...);
    }
  }
  // Inserts the row, or writes every mutable column of the one with its key. For rows that one party writes.
  absl::Status Put(Connection& connection, const T& row) const requires(!versioned) {
    std::list<std::string> kept;
    const auto bind = BinderOf(row, inserted_, kept);
    return connection.Run(sql_.put, Binding{bind});
  }

  // Writes every mutable column, unless the row is gone or was written since `row` was read: then Aborted. Sets the
  // next version in `row`.
  absl::Status Update(Connection& connection, T& row) const requires versioned {
    return UpdateColumns(connection, row, sql_.update, changing_);
  }
  // The same for these columns alone; the others stay as they are.
  absl::Status Update(Connection& connection, T& row,
                      std::initializer_list<absl::string_view> columns) const requires versioned {
    std::vector<const ColumnOf<T>*> some;
    for (const absl::string_view name : columns) {
      for (const ColumnOf<T>* column : changing_) {
        if (column->description.name == name) some.push_back(column);
      }
    }
    return UpdateColumns(connection, row, UpdateOf(sql_, {columns.begin(), columns.end()}), some);
  }
  // Writes every mutable column; OK when the row is gone. For rows that one party writes.
  absl::Status Overwrite(Connection& connection, const T& row) const requires(!versioned) {
    std::list<std::string> kept;
    const auto bind = BinderOf(row, changing_, kept);
    const auto bind_key = BinderOf(row, keys_, kept);
    return connection.Run(sql_.update, Binding{bind}, Binding{bind_key});
  }

  // Writes one column, whatever became of the others since; whoever updates the whole row notices it. Error: the key's
  // NotFound.
  template <typename KeyValue, typename Field>
  absl::Status Set(Connection& connection, const KeyValue& key, Field T::*member,
                   const std::type_identity_t<Field>& value) const {
    RETURN_IF_ERROR(connection.Run(SetOf(sql_, NameOf(member)), value, key));
    return connection.changed_rows() == 0 ? key.NotFound() : absl::OkStatus();
  }

  // OK when there is no such row.
  template <typename KeyValue>
  absl::Status Delete(Connection& connection, const KeyValue& key) const {
    return connection.Run(sql_.remove, key);
  }

  TableDescription Describe() const { return Describe(sql_.table); }

 private:
  using Columns = std::vector<const ColumnOf<T>*>;

  bool IsKey(const ColumnPtr<T>& column) const {
    return column->description.role == ColumnRole::kKey ||
           (column == columns_.front() && column->description.role == ColumnRole::kAssigned);
  }
  TableDescription Describe(absl::string_view name) const {
    TableDescription description{std::string(name), {}};
    for (const ColumnPtr<T>& column : columns_) description.columns.push_back(column->description);
    return description;
  }
  auto Reader() const {
    return [this](Row& from) { return Read(from); };
  }
  static auto BinderOf(const T& row, const Columns& columns, std::list<std::string>& kept) {
    return [&](SQLite::Statement& statement, int& index) {
      for (const ColumnOf<T>* column : columns) column->Bind(row, statement, ++index, kept);
    };
  }
  std::string TextOf(const T& row) const {
    std::string text;
    for (const ColumnOf<T>* key : keys_) absl::StrAppend(&text, text.empty() ? "" : " ", key->Text(row));
    return text;
  }
  absl::Status UpdateColumns(Connection& connection, T& row, const std::string& sql, const Columns& columns) const {
    std::list<std::string> kept;
    const auto bind = BinderOf(row, columns, kept);
    const auto bind_key = BinderOf(row, keys_, kept);
    int64_t& version = *version_->Counter(row);
    RETURN_IF_ERROR(connection.Run(sql, Binding{bind}, Binding{bind_key}, version));
    if (connection.changed_rows() == 0) {
      return absl::AbortedError(absl::StrCat(noun_, " ", TextOf(row), " was changed by someone else meanwhile"));
    }
    ++version;
    return absl::OkStatus();
  }
  template <typename Field>
  absl::string_view NameOf(Field T::*member) const {
    static const T sample{};
    for (const ColumnOf<T>* column : changing_) {
      if (column->Field(sample) == static_cast<const void*>(&(sample.*member))) return column->description.name;
    }
    return "";
  }

  absl::string_view noun_;
  std::vector<ColumnPtr<T>> columns_;
  TableStatements sql_;
  Columns keys_, read_, inserted_, changing_;
  const ColumnOf<T>* version_ = nullptr;
};

template <typename T, typename... Parts>
auto DescribeTable(absl::string_view name, absl::string_view noun, Parts... parts) {
  std::vector<ColumnPtr<T>> columns;
  (columns.push_back(std::move(parts)), ...);
  return Table<T, (internal::kIsVersion<Parts> || ...)>(name, noun, std::move(columns));
}

}  // namespace brume::store
