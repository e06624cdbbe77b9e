#include "lib/autoscaling/launch_configuration_definition.h"

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {

absl::Status AddConfiguration(store::Connection& c, const scaling::LaunchConfiguration& made) {
  constexpr size_t kMaxBytes = 64 * 1024;
  if (compute::TextBytes(made.spec) > kMaxBytes) {
    return ScalingError(
        absl::StrCat("The launch configuration is too long: at most ", kMaxBytes, " bytes are kept of one"));
  }
  LaunchConfigurationTable configurations(c);
  ASSIGN_OR_RETURN(const auto taken, configurations.Find(made.name));
  if (taken.has_value()) {
    return ec2::Error("AlreadyExists", absl::StrCat("Launch Configuration by this name already exists - A launch "
                                                    "configuration already exists with the name ",
                                                    made.name));
  }
  ASSIGN_OR_RETURN(const int64_t count, configurations.Count());
  if (count >= kMaxLaunchConfigurations) {
    return ec2::Error("LimitExceeded",
                      absl::StrCat("There can be at most ", kMaxLaunchConfigurations, " launch configurations"));
  }
  return configurations.Insert(made);
}

}  // namespace brume::autoscaling
