// Enums that say, beside their definition, by which table (enum_names.h) they are kept and written:
//
//   constexpr const auto& NamesOf(VolumeType) { return kVolumeTypeNames; }
#pragma once

#include <concepts>
#include <optional>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace brume {

template <typename T>
concept NamedEnum = std::is_enum_v<T> && requires(T value, absl::string_view name) {
  { NamesOf(value).Of(value) } -> std::same_as<absl::string_view>;
  { NamesOf(value).Find(name) } -> std::same_as<std::optional<T>>;
};

}  // namespace brume
