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

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table_column.h"
#include "lib/store/table_description.h"
#include "lib/store/table_mapping.h"

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
  explicit Table(TableMapping mapping) : mapping_(std::move(mapping)) {}

  // What a SELECT for Read must name, in this order: "id, version, …".
  const std::string& columns() const { return mapping_.sql().columns; }
  // A row that is damaged ends the query, whatever Read gives for it.
  T Read(Row& from) const {
    T row;
    mapping_.Read(from, &row);
    return row;
  }

  template <typename KeyValue>
  absl::StatusOr<std::optional<T>> Find(Connection& connection, const KeyValue& key) const {
    return connection.First(mapping_.sql().find, Reader(), key);
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
    return connection.All(mapping_.SelectFrom(from), Reader(), args...);
  }
  // The first that Select would give.
  template <typename... Args>
  absl::StatusOr<std::optional<T>> First(Connection& connection, absl::string_view from, const Args&... args) const {
    return connection.First(mapping_.SelectFrom(from), Reader(), args...);
  }

  template <typename... Values>
  absl::Status Insert(Connection& connection, const T& row, const With<Values>&... others) const {
    if constexpr (sizeof...(others) == 0) {
      return mapping_.Insert(connection, &row);
    } else {
      return mapping_.InsertWith(connection, &row, {others.column...}, {BoundValue(others.value)...});
    }
  }
  // Inserts the row, or writes every mutable column of the one with its key. For rows that one party writes.
  absl::Status Put(Connection& connection, const T& row) const requires(!versioned) {
    return mapping_.Put(connection, &row);
  }

  // Writes every mutable column, unless the row is gone or was written since `row` was read: then Aborted. Sets the
  // next version in `row`.
  absl::Status Update(Connection& connection, T& row) const requires versioned {
    return mapping_.Update(connection, &row);
  }
  // The same for these columns alone; the others stay as they are.
  absl::Status Update(Connection& connection, T& row,
                      std::initializer_list<absl::string_view> columns) const requires versioned {
    return mapping_.Update(connection, &row, columns);
  }
  // Writes every mutable column; OK when the row is gone. For rows that one party writes.
  absl::Status Overwrite(Connection& connection, const T& row) const requires(!versioned) {
    return mapping_.Overwrite(connection, &row);
  }

  // Writes one column, whatever became of the others since; whoever updates the whole row notices it. Error: the key's
  // NotFound.
  template <typename KeyValue, typename Field>
  absl::Status Set(Connection& connection, const KeyValue& key, Field T::*member,
                   const std::type_identity_t<Field>& value) const {
    const size_t offset = internal::Distance(&internal::Sample<T>(), &(internal::Sample<T>().*member));
    RETURN_IF_ERROR(connection.Run(mapping_.SetSql(offset, internal::kPlain<Field>), value, key));
    return connection.changed_rows() == 0 ? key.NotFound() : absl::OkStatus();
  }

  // OK when there is no such row.
  template <typename KeyValue>
  absl::Status Delete(Connection& connection, const KeyValue& key) const {
    return connection.Run(mapping_.sql().remove, key);
  }

  TableDescription Describe() const { return mapping_.Describe(); }

 private:
  auto Reader() const {
    return [this](Row& from) { return Read(from); };
  }

  TableMapping mapping_;
};

template <typename T, typename... Parts>
auto DescribeTable(absl::string_view name, absl::string_view noun, Parts... parts) {
  return Table<T, (internal::kIsVersion<Parts> || ...)>(
      TableMapping(name, noun, {static_cast<ColumnOf<T>>(parts).column...}));
}

}  // namespace brume::store
