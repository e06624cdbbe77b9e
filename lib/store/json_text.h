// Small lists and maps in one column, as JSON text. For the repositories only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace brume::store {

template <typename T>
std::string ToJson(const T& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What ToJson wrote; an empty T for anything else, which only a damaged file can hold.
template <typename T>
T FromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    return json.get<T>();
  } catch (const nlohmann::json::exception&) {
    return T{};
  }
}

}  // namespace brume::store
