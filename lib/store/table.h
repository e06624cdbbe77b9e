// A table's rows described once: what a row is in memory and which column keeps which field. From the description come
// SELECT, INSERT, compare-and-set UPDATE, and the test that holds it against the real table. For the repositories only.
//
//   const auto& Volumes() {
//     static const auto table = store::DescribeTable<Volume>(
//         "volumes", "volume",                           // the table, and what messages call one row
//         store::Key("id", &Volume::id),                 // first
//         store::Version(&Volume::version),              // column "version"
//         store::Fixed("created", &Volume::created),     // never written again
//         store::Column("size_gib", &Volume::size_gib),
//         store::Column("reason", &Volume::why, &Reason::code),  // a field of a field
//         store::Json("labels", &Volume::labels),
//         store::Unmapped("seq"));                       // no field of the row in memory
//     return table;
//   }
//
//   ASSIGN_OR_RETURN(std::optional<Volume> found, Volumes().Find(connection, id));
//   found->size_gib = 16;
//   RETURN_IF_ERROR(Volumes().Update(connection, *found));  // Aborted when someone else wrote the row since
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
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
#include "lib/store/json_text.h"
#include "lib/store/table_description.h"
#include "lib/store/values.h"

namespace brume::store {
namespace internal {

template <typename T>
struct FieldType {
  static constexpr absl::string_view kName = std::is_same_v<T, std::string> ? "TEXT"
                                             : std::is_floating_point_v<T>  ? "REAL"
                                                                            : "INTEGER";
  static constexpr Nulls kNulls = Nulls::kNever;
};
template <IdPrefix prefix>
struct FieldType<Id<prefix>> {
  static constexpr absl::string_view kName = "TEXT";
  static constexpr Nulls kNulls = Nulls::kWhenEmpty;
};
template <typename T>
struct FieldType<std::optional<T>> {
  static constexpr absl::string_view kName = FieldType<T>::kName;
  static constexpr Nulls kNulls = Nulls::kAlways;
};

// The field that a chain of member pointers leads to.
template <typename AnyRow, typename... Members>
auto& FieldOf(AnyRow& row, const std::tuple<Members...>& members) {
  return std::apply(
      [&](auto... each) -> auto& { return (row.*....*each); }, members);
}

template <ColumnRole role, typename... Members>
struct FieldColumn {
  static constexpr ColumnRole kRole = role;
  absl::string_view name;
  std::tuple<Members...> members;

  template <typename T>
  const auto& ToStore(const T& row) const {
    return FieldOf(row, members);
  }
  template <typename T>
  void Read(Row& from, T& row) const {
    from.Read(FieldOf(row, members));
  }
  template <typename T>
  ColumnDescription Describe() const {
    using Field = std::remove_cvref_t<decltype(FieldOf(std::declval<T&>(), members))>;
    return {name, role, FieldType<Field>::kName, FieldType<Field>::kNulls};
  }
};

template <typename... Members>
struct JsonColumn {
  static constexpr ColumnRole kRole = ColumnRole::kMutable;
  absl::string_view name;
  std::tuple<Members...> members;

  template <typename T>
  std::string ToStore(const T& row) const {
    return ToJson(FieldOf(row, members));
  }
  template <typename T>
  void Read(Row& from, T& row) const {
    std::string text;
    from.Read(text);
    auto& field = FieldOf(row, members);
    field = FromJson<std::remove_cvref_t<decltype(field)>>(text);
  }
  template <typename T>
  ColumnDescription Describe() const {
    return {name, kRole, "TEXT", Nulls::kNever};
  }
};

struct UnmappedColumn {
  static constexpr ColumnRole kRole = ColumnRole::kUnmapped;
  absl::string_view name;

  template <typename T>
  ColumnDescription Describe() const {
    return {name, kRole, "", Nulls::kNever};
  }
};

constexpr bool IsMapped(ColumnRole role) { return role != ColumnRole::kUnmapped; }
constexpr bool IsMutable(ColumnRole role) { return role == ColumnRole::kMutable; }

// A tuple of the column's value, or an empty one. Values that are no fields live in it.
template <bool taken, typename Column, typename T>
auto ValueIf(const Column& column, const T& row) {
  if constexpr (taken) {
    return std::tuple<decltype(column.ToStore(row))>(column.ToStore(row));
  } else {
    return std::tuple<>();
  }
}

}  // namespace internal

// The parts of a description. Literals only: names are kept as they are given.
template <typename T, typename Field>
constexpr auto Key(absl::string_view name, Field T::*member) {
  return internal::FieldColumn<ColumnRole::kKey, Field T::*>{name, {member}};
}
template <typename T>
constexpr auto Version(int64_t T::*member) {
  return internal::FieldColumn<ColumnRole::kVersion, int64_t T::*>{"version", {member}};
}
template <typename... Members>
constexpr auto Fixed(absl::string_view name, Members... members) {
  return internal::FieldColumn<ColumnRole::kFixed, Members...>{name, {members...}};
}
template <typename... Members>
constexpr auto Column(absl::string_view name, Members... members) {
  return internal::FieldColumn<ColumnRole::kMutable, Members...>{name, {members...}};
}
// A list or map as JSON text.
template <typename... Members>
constexpr auto Json(absl::string_view name, Members... members) {
  return internal::JsonColumn<Members...>{name, {members...}};
}
constexpr auto Unmapped(absl::string_view name) { return internal::UnmappedColumn{name}; }

// The value of an unmapped column for Insert. The value is not copied.
template <typename T>
struct With {
  absl::string_view column;
  const T& value;
};

// Immutable, so for any thread; the connection is the caller's.
template <typename T, typename... Columns>
class Table {
  static constexpr bool kHasVersion = ((Columns::kRole == ColumnRole::kVersion) || ...);

 public:
  Table(absl::string_view name, absl::string_view noun, Columns... columns)
      : name_(name), noun_(noun), columns_(columns...) {
    std::vector<absl::string_view> written, changing;
    ForEach([&](const auto& column) {
      if (internal::IsMapped(column.kRole)) written.push_back(column.name);
      if (internal::IsMutable(column.kRole)) changing.push_back(column.name);
    });
    all_ = absl::StrJoin(written, ", ");
    find_ = absl::StrCat("SELECT ", all_, " FROM ", name_, " WHERE ", KeyColumn().name, " = ?");
    insert_ = absl::StrCat("INSERT INTO ", name_, " (", all_, ") VALUES (",
                           Placeholders(static_cast<int>(written.size())), ")");
    update_ = absl::StrCat("UPDATE ", name_, " SET (version, ", absl::StrJoin(changing, ", "), ") = (version + 1, ",
                           Placeholders(static_cast<int>(changing.size())), ") WHERE ", KeyColumn().name,
                           " = ? AND version = ?");
  }

  // What a SELECT for Read must name, in this order: "id, version, …".
  const std::string& columns() const { return all_; }
  T Read(Row& from) const {
    T row;
    ReadInto(from, row);
    return row;
  }

  template <typename KeyValue>
  absl::StatusOr<std::optional<T>> Find(Connection& connection, const KeyValue& key) const {
    return connection.First(find_, Reader(), key);
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
    return connection.All(absl::StrCat("SELECT ", all_, " FROM ", from), Reader(), args...);
  }

  // The first that Select would give.
  template <typename... Args>
  absl::StatusOr<std::optional<T>> First(Connection& connection, absl::string_view from, const Args&... args) const {
    return connection.First(absl::StrCat("SELECT ", all_, " FROM ", from), Reader(), args...);
  }

  template <typename... Values>
  absl::Status Insert(Connection& connection, const T& row, const With<Values>&... others) const {
    if constexpr (sizeof...(others) == 0) {
      return connection.Run(insert_, ValuesOf<internal::IsMapped>(row));
    } else {
      const auto values = ValuesOf<internal::IsMapped>(row);
      const int count = static_cast<int>(std::tuple_size_v<decltype(values)> + sizeof...(others));
      return connection.Run(
          absl::StrCat("INSERT INTO ", name_, " (", all_, ", ", absl::StrJoin({others.column...}, ", "), ") VALUES (",
                       Placeholders(count), ")"),
          values, others.value...);
    }
  }

  // Writes every mutable column, unless the row is gone or was written since `row` was read: then Aborted. Sets the
  // next version in `row`.
  absl::Status Update(Connection& connection, T& row) const requires kHasVersion {
    const auto& key = KeyColumn().ToStore(row);
    int64_t& version = VersionOf(row);
    RETURN_IF_ERROR(connection.Run(update_, ValuesOf<internal::IsMutable>(row), key, version));
    if (connection.changed_rows() == 0) {
      return absl::AbortedError(absl::StrCat(noun_, " ", TextOf(key), " was changed by someone else meanwhile"));
    }
    ++version;
    return absl::OkStatus();
  }

  // Writes one column, whatever became of the others since; whoever updates the whole row notices it. Error: the key's
  // NotFound.
  template <typename KeyValue, typename Field>
  absl::Status Set(Connection& connection, const KeyValue& key, Field T::*member,
                   const std::type_identity_t<Field>& value) const {
    RETURN_IF_ERROR(connection.Run(absl::StrCat("UPDATE ", name_, " SET ", kHasVersion ? "version = version + 1, " : "",
                                                NameOf(member), " = ? WHERE ", KeyColumn().name, " = ?"),
                                   value, key));
    return connection.changed_rows() == 0 ? key.NotFound() : absl::OkStatus();
  }

  // OK when there is no such row.
  template <typename KeyValue>
  absl::Status Delete(Connection& connection, const KeyValue& key) const {
    return connection.Run(absl::StrCat("DELETE FROM ", name_, " WHERE ", KeyColumn().name, " = ?"), key);
  }

  TableDescription Describe() const {
    TableDescription description{std::string(name_), {}};
    ForEach([&](const auto& column) { description.columns.push_back(column.template Describe<T>()); });
    return description;
  }

 private:
  const auto& KeyColumn() const {
    const auto& first = std::get<0>(columns_);
    static_assert(std::remove_cvref_t<decltype(first)>::kRole == ColumnRole::kKey, "the key comes first");
    return first;
  }

  template <typename Visit>
  void ForEach(Visit visit) const {
    std::apply([&](const auto&... each) { (visit(each), ...); }, columns_);
  }
  void ReadInto(Row& from, T& row) const {
    ForEach([&](const auto& column) {
      if constexpr (internal::IsMapped(std::remove_cvref_t<decltype(column)>::kRole)) column.Read(from, row);
    });
  }
  auto Reader() const {
    return [this](Row& from) { return Read(from); };
  }
  template <bool (*taken)(ColumnRole)>
  auto ValuesOf(const T& row) const {
    return std::apply(
        [&](const Columns&... each) { return std::tuple_cat(internal::ValueIf<taken(Columns::kRole)>(each, row)...); },
        columns_);
  }
  int64_t& VersionOf(T& row) const {
    int64_t* version = nullptr;
    ForEach([&](const auto& column) {
      if constexpr (std::remove_cvref_t<decltype(column)>::kRole == ColumnRole::kVersion) {
        version = &internal::FieldOf(row, column.members);
      }
    });
    return *version;
  }
  template <typename Field>
  absl::string_view NameOf(Field T::*member) const {
    absl::string_view name;
    ForEach([&](const auto& column) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(column)>,
                                   internal::FieldColumn<ColumnRole::kMutable, Field T::*>>) {
        if (std::get<0>(column.members) == member) name = column.name;
      }
    });
    return name;
  }
  template <typename KeyValue>
  static std::string TextOf(const KeyValue& key) {
    if constexpr (requires { key.text(); }) {
      return key.text();
    } else {
      return absl::StrCat(key);
    }
  }

  absl::string_view name_, noun_;
  std::tuple<Columns...> columns_;
  std::string all_, find_, insert_, update_;
};

template <typename T, typename... Columns>
Table<T, Columns...> DescribeTable(absl::string_view name, absl::string_view noun, Columns... columns) {
  return Table<T, Columns...>(name, noun, columns...);
}

}  // namespace brume::store
