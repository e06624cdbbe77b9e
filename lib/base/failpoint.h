// Named places where a test makes the daemon crash, fail or wait:
// BRUME_FAILPOINTS="name=crash,other=error,third=delay:500".
//
//   RETURN_IF_ERROR(Failpoint("instance.tap_made"));
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume {

// OK unless BRUME_FAILPOINTS names it. `crash` ends the process at once as kill -9 would, `error` returns Internal,
// `delay:MS` waits. `name=crash@N` acts at the N-th passing only. Costs one branch when the variable is unset.
absl::Status Failpoint(absl::string_view name);

}  // namespace brume
