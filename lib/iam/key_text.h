// The texts of access keys: their ids and secrets.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::iam {

// "AKIA" of keys that stay, "ASIA" of sessions'.
inline constexpr absl::string_view kLongLivedPrefix = "AKIA";
inline constexpr absl::string_view kSessionPrefix = "ASIA";

// The prefix and 16 characters at random.
absl::StatusOr<std::string> NewKeyId(absl::string_view prefix);
// 40 characters, as AWS's; wipe it after use.
absl::StatusOr<std::string> NewSecret();

}  // namespace brume::iam
