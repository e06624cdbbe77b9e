#include "lib/api/passed_role.h"

#include "brume/iam/v1/instance_profile.pb.h"
#include "brume/v1/common.pb.h"
#include "lib/domain/ec2_error.h"

namespace brume::api {
namespace {

using google::protobuf::Message;

// An error of the caller's is told by the handler.
absl::StatusOr<std::string> NoneWhenRefused(const absl::Status& status) {
  if (ec2::HasErrorCode(status)) return std::string();
  return status;
}

}  // namespace

absl::StatusOr<std::string> PassedRole(const Message& request, identity::IdentityService& identities,
                                       identity::InstanceProfileService& profiles) {
  if (request.GetDescriptor() == iam::v1::AddRoleToInstanceProfileRequest::descriptor()) {
    const auto& add = static_cast<const iam::v1::AddRoleToInstanceProfileRequest&>(request);
    const absl::StatusOr<Identity> role = identities.Get(IdentityKind::kRole, add.role_name());
    if (!role.ok()) return NoneWhenRefused(role.status());
    return IdentityArn(identities.account_id(), *role);
  }
  const auto* field = request.GetDescriptor()->FindFieldByName("iam_instance_profile");
  if (field == nullptr || field->message_type() != v1::IamInstanceProfileSpecification::descriptor() ||
      !request.GetReflection()->HasField(request, field)) {
    return std::string();
  }
  const auto& named =
      static_cast<const v1::IamInstanceProfileSpecification&>(request.GetReflection()->GetMessage(request, field));
  const absl::StatusOr<InstanceProfile> profile = profiles.Resolve(named.arn(), named.name());
  if (!profile.ok()) return NoneWhenRefused(profile.status());
  return profile->role.has_value() ? IdentityArn(identities.account_id(), *profile->role) : std::string();
}

}  // namespace brume::api
