// User data as requests carry it: base64 of at most 16 KiB.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume {

// Errors: InvalidUserData.Malformed for what is not base64; InvalidParameterValue above 16 KiB.
absl::StatusOr<std::string> DecodeUserData(absl::string_view base64);
absl::Status CheckUserDataSize(size_t bytes);

}  // namespace brume
