// Errors in Auto Scaling's words.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::autoscaling {

absl::Status ScalingError(absl::string_view message);
// `status` as Auto Scaling tells it: codes of EC2's and IAM's become ValidationError.
absl::Status AsScalingError(const absl::Status& status);
template <typename T>
absl::StatusOr<T> AsScalingError(absl::StatusOr<T> result) {
  if (result.ok()) return result;
  return AsScalingError(result.status());
}
// Error: ValidationError when `given`, as `parameter` is refused in all cases.
absl::Status RefuseGiven(bool given, absl::string_view parameter, absl::string_view why);

}  // namespace brume::autoscaling
