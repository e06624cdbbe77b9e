#include "lib/autoscaling/api/passed_role.h"

#include <optional>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

// An error of the caller's is the handler's to tell.
absl::StatusOr<std::string> NoneWhenRefused(const absl::Status& status) {
  if (ec2::HasErrorCode(status)) return std::string();
  return status;
}

}  // namespace

absl::StatusOr<std::string> RoleOfTemplate(const v1::LaunchTemplateSpecification& named,
                                           const ScalingServices& services) {
  const absl::StatusOr<LaunchTemplateId> id = named.launch_template_name().empty()
                                                  ? LaunchTemplateId::Parse(named.launch_template_id())
                                                  : services.launch_templates.FindByName(named.launch_template_name());
  if (!id.ok()) return NoneWhenRefused(id.status());
  const auto view = services.launch_templates.Resolve(*id, named.version());
  if (!view.ok()) return NoneWhenRefused(view.status());
  const std::optional<compute::LaunchSpec::IamInstanceProfile>& profile = view->version.spec.iam_instance_profile;
  if (!profile.has_value()) return std::string();
  return services.profiles.RoleArn(profile->arn.value_or(""), profile->name.value_or(""));
}

}  // namespace brume::autoscaling
