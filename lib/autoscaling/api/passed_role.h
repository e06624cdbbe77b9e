// The role that a call hands on.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/iam/identity_service.h"
#include "lib/iam/instance_profile_service.h"

namespace brume::autoscaling {

struct PassedRoleParts {
  iam::IdentityService& identities;
  iam::InstanceProfileService& profiles;
  compute::LaunchTemplateService& launch_templates;
};

// The ARN of the role that `request` gives to instances by an instance profile, or to an instance profile: its own, or
// that of the launch template that an Auto Scaling group is to launch from. Empty when it gives none, or names what is
// not there: the call is then refused for that.
absl::StatusOr<std::string> PassedRole(const google::protobuf::Message& request, const PassedRoleParts& parts);

}  // namespace brume::autoscaling
