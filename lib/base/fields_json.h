// Structs that list their fields (fields.h) as JSON text: an object of the fields that are given.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/base/fields.h"
#include "lib/base/named_enum.h"
#include "lib/base/status_macros.h"

namespace brume {
namespace internal {

inline nlohmann::json JsonOf(const std::string& value) { return value; }
inline nlohmann::json JsonOf(bool value) { return value; }
inline nlohmann::json JsonOf(int32_t value) { return value; }
inline nlohmann::json JsonOf(double value) { return value; }
template <NamedEnum T>
nlohmann::json JsonOf(T value) {
  return std::string(NamesOf(value).Of(value));
}
template <typename T>
nlohmann::json JsonOf(const std::optional<T>& value);
template <typename T>
nlohmann::json JsonOf(const std::vector<T>& values);

template <HasFields T>
nlohmann::json JsonOf(const T& value) {
  nlohmann::json object = nlohmann::json::object();
  ForEachField<T>([&](const auto& field) {
    if (IsGiven(value.*field.member)) object[field.name] = JsonOf(value.*field.member);
  });
  return object;
}
template <typename T>
nlohmann::json JsonOf(const std::optional<T>& value) {
  return JsonOf(*value);
}
template <typename T>
nlohmann::json JsonOf(const std::vector<T>& values) {
  nlohmann::json array = nlohmann::json::array();
  for (const T& value : values) array.push_back(JsonOf(value));
  return array;
}

inline absl::Status NotA(absl::string_view type) { return absl::DataLossError(absl::StrCat("not ", type)); }

inline absl::Status FromJson(const nlohmann::json& json, std::string& value) {
  if (!json.is_string()) return NotA("a text");
  value = json.get_ref<const std::string&>();
  return absl::OkStatus();
}
inline absl::Status FromJson(const nlohmann::json& json, bool& value) {
  if (!json.is_boolean()) return NotA("a boolean");
  value = json.get<bool>();
  return absl::OkStatus();
}
inline absl::Status FromJson(const nlohmann::json& json, int32_t& value) {
  if (!json.is_number_integer()) return NotA("an integer");
  const auto number = json.get<int64_t>();
  using Limits = std::numeric_limits<int32_t>;
  if (number < Limits::min() || number > Limits::max()) return NotA("an integer of 32 bits");
  value = static_cast<int32_t>(number);
  return absl::OkStatus();
}
inline absl::Status FromJson(const nlohmann::json& json, double& value) {
  if (!json.is_number()) return NotA("a number");
  value = json.get<double>();
  return absl::OkStatus();
}
template <NamedEnum T>
absl::Status FromJson(const nlohmann::json& json, T& value) {
  std::string name;
  RETURN_IF_ERROR(FromJson(json, name));
  const std::optional<T> found = NamesOf(value).Find(name);
  if (!found.has_value()) return NotA("one of its names");
  value = *found;
  return absl::OkStatus();
}
template <typename T>
absl::Status FromJson(const nlohmann::json& json, std::optional<T>& value);
template <typename T>
absl::Status FromJson(const nlohmann::json& json, std::vector<T>& values);

template <HasFields T>
absl::Status FromJson(const nlohmann::json& json, T& value) {
  if (!json.is_object()) return NotA("an object");
  absl::Status status;
  size_t known = 0;
  ForEachField<T>([&](const auto& field) {
    const auto found = json.find(field.name);
    if (found == json.end() || !status.ok()) return;
    ++known;
    const absl::Status read = FromJson(*found, value.*field.member);
    if (!read.ok()) status = absl::DataLossError(absl::StrCat(field.name, ": ", read.message()));
  });
  RETURN_IF_ERROR(status);
  return known == json.size() ? absl::OkStatus() : absl::DataLossError("a field that is not known");
}
template <typename T>
absl::Status FromJson(const nlohmann::json& json, std::optional<T>& value) {
  return FromJson(json, value.emplace());
}
template <typename T>
absl::Status FromJson(const nlohmann::json& json, std::vector<T>& values) {
  if (!json.is_array()) return NotA("an array");
  for (const nlohmann::json& each : json) RETURN_IF_ERROR(FromJson(each, values.emplace_back()));
  return absl::OkStatus();
}

}  // namespace internal

// Bytes that are not UTF-8 become U+FFFD; texts from a front end or from a message are UTF-8.
template <HasFields T>
std::string FieldsToJson(const T& value) {
  return internal::JsonOf(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What FieldsToJson wrote. Error: DataLoss, for anything else.
template <HasFields T>
absl::StatusOr<T> FieldsFromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  T value;
  RETURN_IF_ERROR(internal::FromJson(json, value));
  return value;
}

}  // namespace brume
