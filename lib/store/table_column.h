// One column of a described table; the parts that a description in table.h is made of. A column knows where its field
// lies and how fields of that type are kept, not the row's type: fields of one type share their code over all tables,
// and tables compile quickly.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
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

// How fields of one type are bound, read and named. `field` points to such a field.
struct FieldCodec {
  absl::string_view type;  // as SQLite declares the column
  Nulls nulls = Nulls::kNever;
  // What is bound and is no field lives in `kept`.
  void (*bind)(const void* field, SQLite::Statement& statement, int index, std::list<std::string>& kept) = nullptr;
  // Error: the column holds what was never written to it; says what is wrong, not what it holds.
  absl::Status (*read)(Row& from, void* field) = nullptr;
  // A key's, for messages; empty for what is never a key.
  std::string (*text)(const void* field) = nullptr;
};

// A column and the field that it keeps, which lies `offset` bytes into the row in memory.
struct MappedColumn {
  ColumnDescription description;
  size_t offset = 0;
  const FieldCodec* codec = nullptr;  // nullptr: kUnmapped
};
// The same, of rows that are T in memory.
template <typename T>
struct ColumnOf {
  MappedColumn column;
};

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

template <typename Field>
void BindField(const void* field, SQLite::Statement& statement, int index, std::list<std::string>&) {
  store::Bind(statement, index, *static_cast<const Field*>(field));
}
template <typename Field>
absl::Status ReadField(Row& from, void* field) {
  from.Read(*static_cast<Field*>(field));
  return absl::OkStatus();
}
template <typename Field>
std::string TextOfField(const void* field) {
  const Field& value = *static_cast<const Field*>(field);
  if constexpr (requires { value.text(); }) {
    return std::string(value.text());
  } else if constexpr (std::is_enum_v<Field>) {
    return absl::StrCat(static_cast<int>(value));
  } else if constexpr (std::is_convertible_v<const Field&, const absl::AlphaNum&>) {
    return absl::StrCat(value);
  } else {
    return "";
  }
}
inline std::string NoText(const void*) { return ""; }

template <typename Field>
inline constexpr FieldCodec kPlain = {FieldType<Field>::kName, FieldType<Field>::kNulls, BindField<Field>,
                                      ReadField<Field>, TextOfField<Field>};

template <typename Codec, typename Field>
struct EncodedField {
  using Stored = decltype(Codec::ToStore(std::declval<const Field&>()));

  static void Bind(const void* field, SQLite::Statement& statement, int index, std::list<std::string>& kept) {
    const Field& value = *static_cast<const Field*>(field);
    if constexpr (std::is_same_v<Stored, std::string>) {
      store::Bind(statement, index, kept.emplace_back(Codec::ToStore(value)));
    } else {
      store::Bind(statement, index, Codec::ToStore(value));
    }
  }
  static absl::Status Read(Row& from, void* field) {
    std::conditional_t<std::is_same_v<Stored, Blob>, std::string, Stored> stored{};
    from.Read(stored);
    return Codec::FromStore(stored, *static_cast<Field*>(field));
  }
  static constexpr FieldCodec kCodec = {FieldType<Stored>::kName, FieldType<Stored>::kNulls, Bind, Read, NoText};
};

struct UnmappedName {
  absl::string_view name;
  template <typename T>
  operator ColumnOf<T>() const {  // NOLINT(google-explicit-constructor): one of the parts of a description
    return {{{name, ColumnRole::kUnmapped, "", Nulls::kNever}}};
  }
};

template <typename T>
struct VersionPart {
  ColumnOf<T> column;
  operator ColumnOf<T>() const { return column; }  // NOLINT(google-explicit-constructor): as above
};
template <typename Part>
inline constexpr bool kIsVersion = false;
template <typename T>
inline constexpr bool kIsVersion<VersionPart<T>> = true;

template <typename First, typename... Rest>
struct RowOf;
template <typename Field, typename T, typename... Rest>
struct RowOf<Field T::*, Rest...> {
  using Type = T;
};
// A row to measure by.
template <typename T>
const T& Sample() {
  static const T sample{};
  return sample;
}
// The field that a chain of member pointers leads to.
template <typename... Members>
const auto& SampleField(Members... members) {
  return (Sample<typename RowOf<Members...>::Type>().*....*members);
}
inline size_t Distance(const void* row, const void* field) {
  return static_cast<size_t>(static_cast<const char*>(field) - static_cast<const char*>(row));
}

template <typename... Members>
auto MakeField(absl::string_view name, ColumnRole role, Members... members) {
  using T = typename RowOf<Members...>::Type;
  const auto& field = SampleField(members...);
  const FieldCodec& codec = kPlain<std::remove_cvref_t<decltype(field)>>;
  return ColumnOf<T>{{{name, role, codec.type, codec.nulls}, Distance(&Sample<T>(), &field), &codec}};
}
template <typename Codec, typename... Members>
auto MakeEncoded(absl::string_view name, ColumnRole role, Members... members) {
  using T = typename RowOf<Members...>::Type;
  const auto& field = SampleField(members...);
  const FieldCodec& codec = EncodedField<Codec, std::remove_cvref_t<decltype(field)>>::kCodec;
  return ColumnOf<T>{{{name, role, codec.type, codec.nulls}, Distance(&Sample<T>(), &field), &codec}};
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
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(internal::SampleField(members...))>, int64_t>);
  return internal::VersionPart<typename internal::RowOf<Members...>::Type>{
      internal::MakeField("version", ColumnRole::kVersion, members...)};
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
