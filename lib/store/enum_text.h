// What is kept of an enum that has a table of names: its name. For the repositories only.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "lib/base/named_enum.h"

namespace brume::store {

// See Encoded in table.h.
struct EnumText {
  template <NamedEnum T>
  static std::string ToStore(T value) {
    return std::string(NamesOf(value).Of(value));
  }
  template <NamedEnum T>
  static absl::Status FromStore(const std::string& text, T& value) {
    const std::optional<T> found = NamesOf(value).Find(text);
    if (!found.has_value()) return absl::DataLossError("not one of its names");
    value = *found;
    return absl::OkStatus();
  }
};

}  // namespace brume::store
