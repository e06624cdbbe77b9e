// Small lists and maps in one column, as JSON text. For the repositories only.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

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

// What ToJson wrote; an empty T for anything else, which only a damaged file can hold.
template <typename T>
T FromJson(const std::string& text) {
  static_assert(kPersistable<T>);
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    return json.get<T>();
  } catch (const nlohmann::json::exception&) {
    return T{};
  }
}

}  // namespace brume::store
