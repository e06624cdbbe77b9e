// What a caller sees of an error.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::gateway {

// `status` where it carries EC2's code or is OK; Unimplemented is UnsupportedOperation in its own words. Any other is
// logged in full and becomes one that says where to look and whether to try again: InternalError, RequestLimitExceeded
// or Unavailable.
absl::Status PublicError(const absl::Status& status, absl::string_view request_id);

}  // namespace brume::gateway
