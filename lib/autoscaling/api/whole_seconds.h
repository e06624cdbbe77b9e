// Durations as messages carry them.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace brume::autoscaling {

inline int32_t ToWholeSeconds(absl::Duration duration) { return static_cast<int32_t>(absl::ToInt64Seconds(duration)); }

}  // namespace brume::autoscaling
