#include "lib/autoscaling/api/passed_role.h"

#include <optional>

#include "brume/autoscaling/v1/group.pb.h"
#include "brume/autoscaling/v1/instance_refresh.pb.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "brume/ec2/v1/common.pb.h"
#include "brume/iam/v1/instance_profile.pb.h"
#include "lib/base/status_macros.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using google::protobuf::Message;

// An error of the caller's is told by the handler.
absl::StatusOr<std::string> NoneWhenRefused(const absl::Status& status) {
  if (ec2::HasErrorCode(status)) return std::string();
  return status;
}

absl::StatusOr<std::string> RoleOf(const std::string& arn, const std::string& name, const PassedRoleParts& parts) {
  const absl::StatusOr<InstanceProfile> profile = parts.profiles.Resolve(arn, name);
  if (!profile.ok()) return NoneWhenRefused(profile.status());
  return profile->role.has_value() ? IdentityArn(parts.identities.account_id(), *profile->role) : std::string();
}

absl::StatusOr<std::string> RoleOfTemplate(const autoscaling::v1::LaunchTemplateSpecification& named,
                                           const PassedRoleParts& parts) {
  absl::StatusOr<LaunchTemplateId> id = named.launch_template_name().empty()
                                            ? LaunchTemplateId::Parse(named.launch_template_id())
                                            : parts.launch_templates.FindByName(named.launch_template_name());
  if (!id.ok()) return NoneWhenRefused(id.status());
  const auto view = parts.launch_templates.Resolve(*id, named.version());
  if (!view.ok()) return NoneWhenRefused(view.status());
  const std::optional<compute::LaunchSpec::IamInstanceProfile>& profile = view->version.spec.iam_instance_profile;
  if (!profile.has_value()) return std::string();
  return RoleOf(profile->arn.value_or(""), profile->name.value_or(""), parts);
}

// The launch template that `source`, a group's definition or a refresh's, names.
template <typename Source>
const autoscaling::v1::LaunchTemplateSpecification* TemplateOf(const Source& source) {
  if (source.has_launch_template()) return &source.launch_template();
  if (!source.has_mixed_instances_policy()) return nullptr;
  return &source.mixed_instances_policy().launch_template().launch_template_specification();
}

// The launch template that members of a group are to be launched from by this request; null when it names none.
const autoscaling::v1::LaunchTemplateSpecification* GroupTemplateOf(const Message& request) {
  if (request.GetDescriptor() == autoscaling::v1::CreateAutoScalingGroupRequest::descriptor()) {
    return TemplateOf(static_cast<const autoscaling::v1::CreateAutoScalingGroupRequest&>(request));
  }
  if (request.GetDescriptor() == autoscaling::v1::UpdateAutoScalingGroupRequest::descriptor()) {
    return TemplateOf(static_cast<const autoscaling::v1::UpdateAutoScalingGroupRequest&>(request));
  }
  if (request.GetDescriptor() == autoscaling::v1::StartInstanceRefreshRequest::descriptor()) {
    return TemplateOf(
        static_cast<const autoscaling::v1::StartInstanceRefreshRequest&>(request).desired_configuration());
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::string> PassedRole(const Message& request, const PassedRoleParts& parts) {
  if (request.GetDescriptor() == iam::v1::AddRoleToInstanceProfileRequest::descriptor()) {
    const auto& add = static_cast<const iam::v1::AddRoleToInstanceProfileRequest&>(request);
    const absl::StatusOr<Identity> role = parts.identities.Get(IdentityKind::kRole, add.role_name());
    if (!role.ok()) return NoneWhenRefused(role.status());
    return IdentityArn(parts.identities.account_id(), *role);
  }
  if (request.GetDescriptor() == autoscaling::v1::CreateLaunchConfigurationRequest::descriptor()) {
    const std::string& named =
        static_cast<const autoscaling::v1::CreateLaunchConfigurationRequest&>(request).iam_instance_profile();
    if (named.empty()) return std::string();
    return LooksLikeArn(named) ? RoleOf(named, "", parts) : RoleOf("", named, parts);
  }
  if (const autoscaling::v1::LaunchTemplateSpecification* named = GroupTemplateOf(request); named != nullptr) {
    return RoleOfTemplate(*named, parts);
  }
  const auto* field = request.GetDescriptor()->FindFieldByName("iam_instance_profile");
  if (field == nullptr || field->message_type() != ec2::v1::IamInstanceProfileSpecification::descriptor() ||
      !request.GetReflection()->HasField(request, field)) {
    return std::string();
  }
  const auto& named =
      static_cast<const ec2::v1::IamInstanceProfileSpecification&>(request.GetReflection()->GetMessage(request, field));
  return RoleOf(named.arn(), named.name(), parts);
}

}  // namespace brume::autoscaling
