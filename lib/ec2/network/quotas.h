// How the network's services refuse one more of something.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {

// `what`: "routes of a table".
inline absl::Status QuotaReached(ec2::KnownCode code, absl::string_view what, size_t maximum) {
  return ec2::Error(code, absl::StrCat("The maximum number of ", what, ", ", maximum, ", has been reached."));
}

}  // namespace brume::network
