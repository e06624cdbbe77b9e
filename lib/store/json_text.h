// What is kept of structs, lists and maps in one column: JSON text. For the repositories only.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/fields_json.h"
#include "lib/store/table.h"
#include "lib/store/values.h"

namespace brume::store {

// Numbers, texts, and lists, maps, pairs and tuples of them. Of enums those that the store keeps; see values.h.
template <typename T>
inline constexpr bool kPersistable = std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || PersistedEnum<T>;
template <typename T>
inline constexpr bool kPersistable<std::vector<T>> = kPersistable<T>;
template <typename Key, typename Value>
inline constexpr bool kPersistable<std::map<Key, Value>> = kPersistable<Key>&& kPersistable<Value>;
template <typename First, typename Second>
inline constexpr bool kPersistable<std::pair<First, Second>> = kPersistable<First>&& kPersistable<Second>;
template <typename... T>
inline constexpr bool kPersistable<std::tuple<T...>> = (kPersistable<T> && ...);

template <typename T>
std::string ToJson(const T& value) {
  static_assert(kPersistable<T>);
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What ToJson wrote. Error: DataLoss for anything else, without a word of the text.
template <typename T>
absl::StatusOr<T> FromJson(const std::string& text) {
  static_assert(kPersistable<T>);
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::DataLossError("not JSON");
  try {
    return json.get<T>();
  } catch (const nlohmann::json::exception&) {
    return absl::DataLossError("not JSON of its type");
  }
}

// See Encoded in table.h.
struct JsonText {
  template <typename T>
  static std::string ToStore(const T& value) {
    return ToJson(value);
  }
  template <typename T>
  static absl::Status FromStore(const std::string& text, T& value) {
    ASSIGN_OR_RETURN(value, FromJson<T>(text));
    return absl::OkStatus();
  }
  template <HasFields T>
  static std::string ToStore(const T& value) {
    return FieldsToJson(value);
  }
  template <HasFields T>
  static absl::Status FromStore(const std::string& text, T& value) {
    ASSIGN_OR_RETURN(value, FieldsFromJson<T>(text));
    return absl::OkStatus();
  }
  // Empty = unset.
  template <HasFields T>
  static std::string ToStore(const std::optional<T>& value) {
    return value.has_value() ? FieldsToJson(*value) : "";
  }
  template <HasFields T>
  static absl::Status FromStore(const std::string& text, std::optional<T>& value) {
    value.reset();
    return text.empty() ? absl::OkStatus() : FromStore(text, value.emplace());
  }
};

// A list or map, or a struct that lists its fields (lib/base/fields.h), as JSON text.
template <typename... Members>
auto Json(absl::string_view name, Members... members) {
  return Encoded<JsonText>(name, members...);
}
template <typename... Members>
auto FixedJson(absl::string_view name, Members... members) {
  return FixedEncoded<JsonText>(name, members...);
}

}  // namespace brume::store
