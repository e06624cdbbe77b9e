// Instance profiles, as IAM shows them.
#include "brume/iam/v1/instance_profile.pb.h"
#include "lib/api/handlers.h"
#include "lib/api/iam.h"
#include "lib/api/render.h"
#include "lib/identity/instance_profile_service.h"

namespace brume::api {
namespace {

using identity::InstanceProfileService;

const auto kName = [](const InstanceProfile& profile) { return profile.name; };

iam::InstanceProfile Render(const InstanceProfileService& profiles, const InstanceProfile& profile,
                            const std::string& account_id) {
  iam::InstanceProfile rendered;
  rendered.set_path(profile.path);
  rendered.set_instance_profile_name(profile.name);
  rendered.set_instance_profile_id(profile.id);
  rendered.set_arn(profiles.ArnOf(profile));
  rendered.set_create_date(RenderTime(profile.created));
  if (profile.role.has_value()) *rendered.add_roles() = RenderRole(*profile.role, account_id);
  return rendered;
}

}  // namespace

void AddIamInstanceProfileHandlers(Dispatcher& dispatcher, const Services& services) {
  const std::string service = "InstanceProfiles";
  InstanceProfileService& profiles = services.instance_profiles;
  const std::string account_id = services.settings.account_id;
  const auto render = [&profiles, account_id](const InstanceProfile& profile) {
    return Render(profiles, profile, account_id);
  };
  HandleIam<iam::CreateInstanceProfileRequest, iam::CreateInstanceProfileResponse>(
      dispatcher, service,
      [&profiles, render](const auto& request) -> absl::StatusOr<iam::CreateInstanceProfileResponse> {
        ASSIGN_OR_RETURN(const InstanceProfile profile,
                         profiles.Create(request.instance_profile_name(), request.has_path() ? request.path() : "/"));
        iam::CreateInstanceProfileResponse response;
        *response.mutable_instance_profile() = render(profile);
        return response;
      });
  HandleIam<iam::GetInstanceProfileRequest, iam::GetInstanceProfileResponse>(
      dispatcher, service, [&profiles, render](const auto& request) -> absl::StatusOr<iam::GetInstanceProfileResponse> {
        ASSIGN_OR_RETURN(const InstanceProfile profile, profiles.Get(request.instance_profile_name()));
        iam::GetInstanceProfileResponse response;
        *response.mutable_instance_profile() = render(profile);
        return response;
      });
  HandleIam<iam::ListInstanceProfilesRequest, iam::ListInstanceProfilesResponse>(
      dispatcher, service,
      [&profiles, render](const auto& request) -> absl::StatusOr<iam::ListInstanceProfilesResponse> {
        iam::ListInstanceProfilesResponse response;
        ASSIGN_OR_RETURN(auto all, profiles.List(request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("instance-profiles", std::move(all), request, response, kName));
        for (const InstanceProfile& profile : all) *response.add_instance_profiles() = render(profile);
        return response;
      });
  HandleIam<iam::ListInstanceProfilesForRoleRequest, iam::ListInstanceProfilesForRoleResponse>(
      dispatcher, service,
      [&profiles, render](const auto& request) -> absl::StatusOr<iam::ListInstanceProfilesForRoleResponse> {
        iam::ListInstanceProfilesForRoleResponse response;
        ASSIGN_OR_RETURN(auto all, profiles.ListOfRole(request.role_name()));
        ASSIGN_OR_RETURN(all, IamPage("instance-profiles-of", std::move(all), request, response, kName));
        for (const InstanceProfile& profile : all) *response.add_instance_profiles() = render(profile);
        return response;
      });
  HandleIam<iam::DeleteInstanceProfileRequest, iam::DeleteInstanceProfileResponse>(
      dispatcher, service, [&profiles](const auto& request) -> absl::StatusOr<iam::DeleteInstanceProfileResponse> {
        RETURN_IF_ERROR(profiles.Delete(request.instance_profile_name()));
        return iam::DeleteInstanceProfileResponse();
      });
  HandleIam<iam::AddRoleToInstanceProfileRequest, iam::AddRoleToInstanceProfileResponse>(
      dispatcher, service, [&profiles](const auto& request) -> absl::StatusOr<iam::AddRoleToInstanceProfileResponse> {
        RETURN_IF_ERROR(profiles.AddRole(request.instance_profile_name(), request.role_name()));
        return iam::AddRoleToInstanceProfileResponse();
      });
  HandleIam<iam::RemoveRoleFromInstanceProfileRequest, iam::RemoveRoleFromInstanceProfileResponse>(
      dispatcher, service,
      [&profiles](const auto& request) -> absl::StatusOr<iam::RemoveRoleFromInstanceProfileResponse> {
        RETURN_IF_ERROR(profiles.RemoveRole(request.instance_profile_name(), request.role_name()));
        return iam::RemoveRoleFromInstanceProfileResponse();
      });
}

}  // namespace brume::api
