// How domain values are kept in columns. Ids: text, NULL when empty. Times: integer microseconds since 1970, UTC (finer
// parts are lost). Durations: integer microseconds. Addresses and enums: integers. For the repositories only.
//
// Only an enum that says so is kept. Beside its definition, each of whose enumerators has an explicit value that never
// changes and is never given to another, stands
//   std::true_type IsPersisted(VolumeState);
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/time/time.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume::store {

template <typename T>
concept PersistedEnum = std::is_enum_v<T> && requires(T value) {
  { IsPersisted(value) } -> std::same_as<std::true_type>;
};

template <typename T>
concept StoredId = requires(const T& id) {
  { T::FromTrusted(std::string()) } -> std::same_as<T>;
  { id.text() } -> std::same_as<const std::string&>;
  { id.empty() } -> std::same_as<bool>;
};

// Bytes that are not text: kept as BLOB.
struct Blob {
  const std::string& bytes;
};

// Bind: strings are not copied, so they must live until the statement ran.
inline void Bind(SQLite::Statement& statement, int index, int64_t value) { statement.bind(index, value); }
inline void Bind(SQLite::Statement& statement, int index, int value) { statement.bind(index, value); }
inline void Bind(SQLite::Statement& statement, int index, double value) { statement.bind(index, value); }
inline void Bind(SQLite::Statement& statement, int index, bool value) { statement.bind(index, value ? 1 : 0); }
inline void Bind(SQLite::Statement& statement, int index, const std::string& value) {
  statement.bindNoCopy(index, value);
}
inline void Bind(SQLite::Statement& statement, int index, const Blob& value) {
  statement.bindNoCopy(index, value.bytes.data(), static_cast<int>(value.bytes.size()));
}
inline void Bind(SQLite::Statement& statement, int index, absl::Time value) {
  statement.bind(index, absl::ToUnixMicros(value));
}
inline void Bind(SQLite::Statement& statement, int index, absl::Duration value) {
  statement.bind(index, absl::ToInt64Microseconds(value));
}
inline void Bind(SQLite::Statement& statement, int index, Ipv4 value) {
  statement.bind(index, static_cast<int64_t>(value.value));
}
// A literal would pass for a bool.
void Bind(SQLite::Statement& statement, int index, const char* value) = delete;
template <StoredId T>
void Bind(SQLite::Statement& statement, int index, const T& value) {
  if (value.empty()) {
    statement.bind(index);
  } else {
    statement.bindNoCopy(index, value.text());
  }
}
template <PersistedEnum T>
void Bind(SQLite::Statement& statement, int index, T value) {
  statement.bind(index, static_cast<int>(value));
}
template <typename T>
void Bind(SQLite::Statement& statement, int index, const std::optional<T>& value) {
  if (value.has_value()) {
    Bind(statement, index, *value);
  } else {
    statement.bind(index);
  }
}

inline void Load(const SQLite::Column& column, int64_t& value) { value = column.getInt64(); }
inline void Load(const SQLite::Column& column, int& value) { value = column.getInt(); }
inline void Load(const SQLite::Column& column, double& value) { value = column.getDouble(); }
inline void Load(const SQLite::Column& column, bool& value) { value = column.getInt() != 0; }
inline void Load(const SQLite::Column& column, std::string& value) { value = column.getString(); }
inline void Load(const SQLite::Column& column, absl::Time& value) {
  const int64_t micros = column.getInt64();
  // The ends of the range stand for the infinities, as in ToUnixMicros.
  value = micros == std::numeric_limits<int64_t>::max()   ? absl::InfiniteFuture()
          : micros == std::numeric_limits<int64_t>::min() ? absl::InfinitePast()
                                                          : absl::FromUnixMicros(micros);
}
inline void Load(const SQLite::Column& column, absl::Duration& value) { value = absl::Microseconds(column.getInt64()); }
inline void Load(const SQLite::Column& column, Ipv4& value) { value.value = static_cast<uint32_t>(column.getInt64()); }
template <StoredId T>
void Load(const SQLite::Column& column, T& value) {
  value = T::FromTrusted(column.getString());
}
template <PersistedEnum T>
void Load(const SQLite::Column& column, T& value) {
  value = static_cast<T>(column.getInt());
}
template <typename T>
void Load(const SQLite::Column& column, std::optional<T>& value) {
  if (column.isNull()) {
    value.reset();
  } else {
    Load(column, value.emplace());
  }
}

}  // namespace brume::store
