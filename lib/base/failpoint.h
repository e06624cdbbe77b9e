// Named places where a test makes the daemon crash, fail or wait:
// BRUME_FAILPOINTS="name=crash,other=error,third=delay:500,fourth=hang".
//
//   RETURN_IF_ERROR(Failpoint("instance.tap_made"));
//
// What changes something outside the process has them by lib/base/side_effect.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume {

// OK unless BRUME_FAILPOINTS names it. `crash` ends the process at once as kill -9 would, `error` returns Internal,
// `delay:MS` waits, `hang` never returns. `name=crash@N` acts at the N-th passing only. Costs one branch when the
// variables are unset.
absl::Status Failpoint(absl::string_view name);

}  // namespace brume
