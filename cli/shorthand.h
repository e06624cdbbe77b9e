// The aws CLI's shorthand syntax for structures: Key=Name,Value=web  or  ResourceType=instance,Tags=[{Key=a,Value=b}].
// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html
//
//   members = member *("," member)
//   member  = key "=" value *("," value)      more than one value: a list
//   value   = word | 'quoted' | "quoted" | "[" [value *("," value)] "]" | "{" [members] "}"
//
// A word ends at a comma, ']' or '}'; "\," is a comma inside one. In quotes a backslash takes the quote or a
// backslash that follows as it is. Space around a value, a comma or a bracket means nothing.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// Brackets deeper than this are refused.
inline constexpr int kMaxShorthandDepth = 32;

// An object whose leaves are strings. InvalidArgument shows the place.
absl::StatusOr<nlohmann::ordered_json> ParseShorthand(absl::string_view text);

// JSON as the command line takes it. InvalidArgument shows the place.
absl::StatusOr<nlohmann::ordered_json> ParseJson(absl::string_view text);

}  // namespace brume::cli
