// One column of a described table; the parts that a description in table.h is made of. A column is an object behind a
// base class, not a type in the table's: columns of one kind of field share their code, and tables compile quickly.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"
#include "lib/store/values.h"

namespace brume::store {

// Of a table whose rows are T in memory. Immutable.
template <typename T>
class ColumnOf {
 public:
  explicit ColumnOf(const ColumnDescription& description) : description(description) {}
  virtual ~ColumnOf() = default;

  // What is bound and is no field lives in `kept`.
  virtual void Bind(const T& row, SQLite::Statement& statement, int index, std::list<std::string>& kept) const = 0;
  // Error: the column holds what was never written to it; says what is wrong, not what it holds.
  virtual absl::Status Read(Row& from, T& row) const = 0;
  // Where the field is; nullptr when there is none.
  virtual const void* Field(const T& row) const = 0;
  // A key's, for messages.
  virtual std::string Text(const T& row) const = 0;
  // The version's.
  virtual int64_t* Counter(T& row) const = 0;

  const ColumnDescription description;
};
template <typename T>
using ColumnPtr = std::unique_ptr<const ColumnOf<T>>;

namespace internal {

template <typename T>
struct FieldType {
  static constexpr absl::string_view kName = std::is_same_v<T, std::string> ? "TEXT"
                                             : std::is_same_v<T, Blob>      ? "BLOB"
                                             : std::is_floating_point_v<T>  ? "REAL"
                                                                            : "INTEGER";
  static constexpr Nulls kNulls = Nulls::kNever;
};
template <StoredId T>
struct FieldType<T> {
  static constexpr absl::string_view kName = "TEXT";
  static constexpr Nulls kNulls = Nulls::kWhenEmpty;
};
template <typename T>
struct FieldType<std::optional<T>> {
  static constexpr absl::string_view kName = FieldType<T>::kName;
  static constexpr Nulls kNulls = Nulls::kAlways;
};

template <typename First, typename... Rest>
struct RowOf;
template <typename Field, typename T, typename... Rest>
struct RowOf<Field T::*, Rest...> {
  using Type = T;
};

// The field that a chain of member pointers leads to.
template <typename AnyRow, typename... Members>
auto& FieldOf(AnyRow& row, const std::tuple<Members...>& members) {
  return std::apply(
      [&](auto... each) -> auto& { return (row.*....*each); }, members);
}

template <typename T, typename... Members>
class FieldColumn final : public ColumnOf<T> {
  using Type = std::remove_cvref_t<decltype(FieldOf(std::declval<T&>(), std::declval<std::tuple<Members...>>()))>;

 public:
  FieldColumn(absl::string_view name, ColumnRole role, Members... members)
      : ColumnOf<T>({name, role, FieldType<Type>::kName, FieldType<Type>::kNulls}), members_(members...) {}

  void Bind(const T& row, SQLite::Statement& statement, int index, std::list<std::string>&) const override {
    store::Bind(statement, index, FieldOf(row, members_));
  }
  absl::Status Read(Row& from, T& row) const override {
    from.Read(FieldOf(row, members_));
    return absl::OkStatus();
  }
  const void* Field(const T& row) const override { return &FieldOf(row, members_); }
  std::string Text(const T& row) const override {
    const Type& field = FieldOf(row, members_);
    if constexpr (requires { field.text(); }) {
      return std::string(field.text());
    } else if constexpr (std::is_enum_v<Type>) {
      return absl::StrCat(static_cast<int>(field));
    } else if constexpr (std::is_convertible_v<const Type&, const absl::AlphaNum&>) {
      return absl::StrCat(field);
    } else {
      return "";
    }
  }
  int64_t* Counter(T& row) const override {
    if constexpr (std::is_same_v<Type, int64_t>) {
      return &FieldOf(row, members_);
    } else {
      return nullptr;
    }
  }

 private:
  std::tuple<Members...> members_;
};

template <typename Codec, typename T, typename... Members>
class EncodedColumn final : public ColumnOf<T> {
  using Type = std::remove_cvref_t<decltype(FieldOf(std::declval<T&>(), std::declval<std::tuple<Members...>>()))>;
  using Stored = decltype(Codec::ToStore(std::declval<const Type&>()));
  static constexpr bool kIsBlob = std::is_same_v<Stored, Blob>;

 public:
  EncodedColumn(absl::string_view name, ColumnRole role, Members... members)
      : ColumnOf<T>({name, role, FieldType<Stored>::kName, FieldType<Stored>::kNulls}), members_(members...) {}

  void Bind(const T& row, SQLite::Statement& statement, int index, std::list<std::string>& kept) const override {
    if constexpr (std::is_same_v<Stored, std::string>) {
      store::Bind(statement, index, kept.emplace_back(Codec::ToStore(FieldOf(row, members_))));
    } else {
      store::Bind(statement, index, Codec::ToStore(FieldOf(row, members_)));
    }
  }
  absl::Status Read(Row& from, T& row) const override {
    std::conditional_t<kIsBlob, std::string, Stored> stored{};
    from.Read(stored);
    return Codec::FromStore(stored, FieldOf(row, members_));
  }
  const void* Field(const T&) const override { return nullptr; }
  std::string Text(const T&) const override { return ""; }
  int64_t* Counter(T&) const override { return nullptr; }

 private:
  std::tuple<Members...> members_;
};

template <typename T>
class UnmappedColumn final : public ColumnOf<T> {
 public:
  explicit UnmappedColumn(absl::string_view name) : ColumnOf<T>({name, ColumnRole::kUnmapped, "", Nulls::kNever}) {}
  void Bind(const T&, SQLite::Statement&, int, std::list<std::string>&) const override {}
  absl::Status Read(Row&, T&) const override { return absl::OkStatus(); }
  const void* Field(const T&) const override { return nullptr; }
  std::string Text(const T&) const override { return ""; }
  int64_t* Counter(T&) const override { return nullptr; }
};

struct UnmappedName {
  absl::string_view name;
  template <typename T>
  operator ColumnPtr<T>() const {  // NOLINT(google-explicit-constructor): one of the parts of a description
    return std::make_unique<UnmappedColumn<T>>(name);
  }
};

template <typename T>
struct VersionPart {
  ColumnPtr<T> column;
  operator ColumnPtr<T>() && { return std::move(column); }  // NOLINT(google-explicit-constructor): as above
};
template <typename Part>
inline constexpr bool kIsVersion = false;
template <typename T>
inline constexpr bool kIsVersion<VersionPart<T>> = true;

template <typename... Members>
auto MakeField(absl::string_view name, ColumnRole role, Members... members) {
  using T = typename RowOf<Members...>::Type;
  return ColumnPtr<T>(std::make_unique<FieldColumn<T, Members...>>(name, role, members...));
}
template <typename Codec, typename... Members>
auto MakeEncoded(absl::string_view name, ColumnRole role, Members... members) {
  using T = typename RowOf<Members...>::Type;
  return ColumnPtr<T>(std::make_unique<EncodedColumn<Codec, T, Members...>>(name, role, members...));
}

}  // namespace internal

// The parts of a description; see table.h. Literals only: names are kept as they are given. The members lead to the
// field: of the row, of that field, and so on.
template <typename... Members>
auto Key(absl::string_view name, Members... members) {
  return internal::MakeField(name, ColumnRole::kKey, members...);
}
template <typename... Members>
auto Assigned(absl::string_view name, Members... members) {
  return internal::MakeField(name, ColumnRole::kAssigned, members...);
}
template <typename... Members>
auto Version(Members... members) {
  auto column = internal::MakeField("version", ColumnRole::kVersion, members...);
  return internal::VersionPart<typename internal::RowOf<Members...>::Type>{std::move(column)};
}
template <typename... Members>
auto Fixed(absl::string_view name, Members... members) {
  return internal::MakeField(name, ColumnRole::kFixed, members...);
}
template <typename... Members>
auto Column(absl::string_view name, Members... members) {
  return internal::MakeField(name, ColumnRole::kMutable, members...);
}
inline auto Unmapped(absl::string_view name) { return internal::UnmappedName{name}; }

// A field that is kept as another type. A Codec has `static Stored ToStore(const Field&)`, where Stored is a number, a
// time, a text, a Blob or an optional of the first two; and `static absl::Status FromStore(const Stored&, Field&)`
// (const std::string& for a Blob), whose error says what is wrong, without what is kept.
template <typename Codec, typename... Members>
auto Encoded(absl::string_view name, Members... members) {
  return internal::MakeEncoded<Codec>(name, ColumnRole::kMutable, members...);
}
template <typename Codec, typename... Members>
auto FixedEncoded(absl::string_view name, Members... members) {
  return internal::MakeEncoded<Codec>(name, ColumnRole::kFixed, members...);
}

// A duration in whole seconds; as a plain Column it is in microseconds.
struct WholeSeconds {
  static int64_t ToStore(absl::Duration value) { return absl::ToInt64Seconds(value); }
  static absl::Status FromStore(int64_t seconds, absl::Duration& value) {
    value = absl::Seconds(seconds);
    return absl::OkStatus();
  }
};
// A string that is bytes and not text.
struct Bytes {
  static Blob ToStore(const std::string& value) { return {value}; }
  static absl::Status FromStore(const std::string& bytes, std::string& value) {
    value = bytes;
    return absl::OkStatus();
  }
};
// A time that is InfiniteFuture until it is known: NULL until then, so that an index can hold those alone.
struct OpenEnd {
  static std::optional<absl::Time> ToStore(absl::Time value) {
    return value == absl::InfiniteFuture() ? std::nullopt : std::make_optional(value);
  }
  static absl::Status FromStore(const std::optional<absl::Time>& end, absl::Time& value) {
    value = end.value_or(absl::InfiniteFuture());
    return absl::OkStatus();
  }
};

}  // namespace brume::store
