// Times as the APIs spell them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace brume::gateway {

// RFC 3339, with any part of a second. Error: InvalidParameterValue.
absl::StatusOr<absl::Time> ParseTime(absl::string_view text);

// "2026-01-31T10:00:00.000Z".
std::string RenderTime(absl::Time time);

}  // namespace brume::gateway
