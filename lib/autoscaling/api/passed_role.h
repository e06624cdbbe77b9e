// The role that members of a group get from what they are launched from.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/common.pb.h"
#include "lib/autoscaling/api/scaling_services.h"

namespace brume::autoscaling {

// The ARN of the role in the launch template that `source`, a group's definition or a refresh's, names. Empty when it
// names none, when the template gives none, and when it is not there: the call fails for that.
absl::StatusOr<std::string> RoleOfTemplate(const v1::LaunchTemplateSpecification& named,
                                           const ScalingServices& services);

template <typename Source>
absl::StatusOr<std::string> RoleOfLaunch(const Source& source, const ScalingServices& services) {
  if (source.has_launch_template()) return RoleOfTemplate(source.launch_template(), services);
  if (!source.has_mixed_instances_policy()) return std::string();
  return RoleOfTemplate(source.mixed_instances_policy().launch_template().launch_template_specification(), services);
}

}  // namespace brume::autoscaling
