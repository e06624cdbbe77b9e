// The APIs' error codes as absl::Status. An API error is made once, where it is found; front ends only translate it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/resource/error_codes.h"

namespace brume::ec2 {

// A status that carries EC2's `code`, e.g. "InvalidInstanceID.NotFound", and a sentence that names the object. Its
// absl::StatusCode is that of the code's row.
absl::Status Error(KnownCode code, absl::string_view message);

// The code `status` carries. For one without a code: "RequestLimitExceeded" for ResourceExhausted, "Unavailable" for
// Unavailable, and "InternalError" for the rest. Empty for OK.
std::string ErrorCode(const absl::Status& status);

// True when a code was put there by Error(): its message may be shown to the caller as it stands.
bool HasErrorCode(const absl::Status& status);

}  // namespace brume::ec2
