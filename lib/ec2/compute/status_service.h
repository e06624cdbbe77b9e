// What others ask of an instance's status checks. Source of behaviour: "Status checks for Amazon EC2 instances" in the
// EC2 User Guide.
#pragma once

#include <functional>

#include "absl/time/time.h"
#include "lib/ec2/compute/model/instance.h"

namespace brume::compute {

enum class CheckStatus { kNotApplicable, kInitializing, kPassed, kFailed };

struct InstanceStatus {
  CheckStatus system = CheckStatus::kInitializing;
  CheckStatus instance = CheckStatus::kInitializing;
  // Since when the failing check fails.
  absl::Time impaired_since = absl::InfiniteFuture();
};

// kNotApplicable for an instance that does not run. Thread-safe.
using StatusOfInstance = std::function<InstanceStatus(const Instance&)>;

}  // namespace brume::compute
