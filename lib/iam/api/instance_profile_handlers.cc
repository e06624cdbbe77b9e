#include "lib/iam/api/instance_profile_handlers.h"

#include "brume/iam/v1/instance_profile.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/api/iam_page.h"
#include "lib/iam/api/iam_tag_messages.h"
#include "lib/iam/api/identity_render.h"
#include "lib/iam/iam_tag_service.h"
#include "lib/iam/identity_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/iam/model/identity.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

const auto kProfileName = [](const InstanceProfile& profile) { return profile.name; };

v1::InstanceProfile Render(const InstanceProfileService& profiles, const InstanceProfile& profile) {
  v1::InstanceProfile rendered;
  rendered.set_path(profile.path);
  rendered.set_instance_profile_name(profile.name);
  rendered.set_instance_profile_id(profile.id);
  rendered.set_arn(profiles.ArnOf(profile));
  rendered.set_create_date(gateway::RenderTime(profile.created));
  if (profile.role.has_value()) *rendered.add_roles() = RenderRole(*profile.role, profiles.account_id());
  return rendered;
}

absl::StatusOr<v1::CreateInstanceProfileResponse> CreateInstanceProfile(const v1::CreateInstanceProfileRequest& request,
                                                                        InstanceProfileService& profiles) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseIamTags(request.tags()));
  ASSIGN_OR_RETURN(const InstanceProfile profile,
                   profiles.Create(request.instance_profile_name(), request.has_path() ? request.path() : "/", tags));
  v1::CreateInstanceProfileResponse response;
  *response.mutable_instance_profile() = Render(profiles, profile);
  RenderIamTags(tags, *response.mutable_instance_profile()->mutable_tags());
  return response;
}

absl::StatusOr<v1::GetInstanceProfileResponse> GetInstanceProfile(const v1::GetInstanceProfileRequest& request,
                                                                  InstanceProfileService& profiles,
                                                                  IamTagService& tags) {
  ASSIGN_OR_RETURN(const InstanceProfile profile, profiles.Get(request.instance_profile_name()));
  ASSIGN_OR_RETURN(const TagMap own, tags.Tags(TaggedKind::kInstanceProfile, request.instance_profile_name()));
  v1::GetInstanceProfileResponse response;
  *response.mutable_instance_profile() = Render(profiles, profile);
  RenderIamTags(own, *response.mutable_instance_profile()->mutable_tags());
  return response;
}

absl::StatusOr<v1::ListInstanceProfilesResponse> ListInstanceProfiles(const v1::ListInstanceProfilesRequest& request,
                                                                      InstanceProfileService& profiles) {
  v1::ListInstanceProfilesResponse response;
  ASSIGN_OR_RETURN(auto all, profiles.List(request.path_prefix()));
  ASSIGN_OR_RETURN(all, IamPage("instance-profiles", std::move(all), request, response, kProfileName));
  for (const InstanceProfile& profile : all) *response.add_instance_profiles() = Render(profiles, profile);
  return response;
}

absl::StatusOr<v1::ListInstanceProfilesForRoleResponse> ListInstanceProfilesForRole(
    const v1::ListInstanceProfilesForRoleRequest& request, InstanceProfileService& profiles) {
  v1::ListInstanceProfilesForRoleResponse response;
  ASSIGN_OR_RETURN(auto all, profiles.ListOfRole(request.role_name()));
  ASSIGN_OR_RETURN(all, IamPage("instance-profiles-of", std::move(all), request, response, kProfileName));
  for (const InstanceProfile& profile : all) *response.add_instance_profiles() = Render(profiles, profile);
  return response;
}

absl::Status DeleteInstanceProfile(const v1::DeleteInstanceProfileRequest& request, InstanceProfileService& profiles) {
  return profiles.Delete(request.instance_profile_name());
}

absl::Status AddRoleToInstanceProfile(const v1::AddRoleToInstanceProfileRequest& request,
                                      InstanceProfileService& profiles) {
  return profiles.AddRole(request.instance_profile_name(), request.role_name());
}

absl::Status RemoveRoleFromInstanceProfile(const v1::RemoveRoleFromInstanceProfileRequest& request,
                                           InstanceProfileService& profiles) {
  return profiles.RemoveRole(request.instance_profile_name(), request.role_name());
}

}  // namespace

void AddInstanceProfileActions(gateway::Actions& actions, InstanceProfileService& profiles, IdentityService& identities,
                               IamTagService& tags) {
  actions.Add(CreateInstanceProfile, profiles);
  actions.Add(GetInstanceProfile, profiles, tags);
  actions.Add(ListInstanceProfiles, profiles);
  actions.Add(ListInstanceProfilesForRole, profiles);
  actions.Add(DeleteInstanceProfile, profiles);
  actions.Add(AddRoleToInstanceProfile, profiles)
      .PassesRole([&identities](const v1::AddRoleToInstanceProfileRequest& request) -> absl::StatusOr<std::string> {
        const absl::StatusOr<Identity> role = identities.Get(IdentityKind::kRole, request.role_name());
        // A role that is not there is the handler's to refuse.
        if (ec2::HasErrorCode(role.status())) return std::string();
        RETURN_IF_ERROR(role.status());
        return IdentityArn(identities.account_id(), *role);
      });
  actions.Add(RemoveRoleFromInstanceProfile, profiles);
}

}  // namespace brume::iam
