// From the words of requests to enums.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ec2_error.h"

namespace brume {

//   return ParseName(kStateNames, name, "ValidationError", "a state of an alarm");
//
// Error: `code`, "'NAME' is not a state of an alarm".
template <typename Enum, size_t size>
absl::StatusOr<Enum> ParseName(const EnumNames<Enum, size>& names, absl::string_view name, ec2::KnownCode code,
                               absl::string_view what) {
  if (const std::optional<Enum> found = names.Find(name); found.has_value()) return *found;
  return ec2::Error(code, absl::StrCat("'", absl::CHexEscape(name), "' is not ", what));
}

}  // namespace brume
