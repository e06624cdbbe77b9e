#include "lib/autoscaling/scaling_error.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {

absl::Status ScalingError(absl::string_view message) { return ec2::Error("ValidationError", message); }

absl::Status AsScalingError(const absl::Status& status) {
  if (!ec2::HasErrorCode(status)) return status;
  return ScalingError(status.message());
}

absl::Status RefuseGiven(bool given, absl::string_view parameter, absl::string_view why) {
  if (!given) return absl::OkStatus();
  return ScalingError(absl::StrCat("The parameter ", parameter, " cannot be used: ", why));
}

}  // namespace brume::autoscaling
