// Instance profiles, as IAM shows them.
#include "brume/iam/v1/instance_profile.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/api/iam.h"
#include "lib/iam/instance_profile_service.h"

namespace brume::iam {
namespace {

const auto kName = [](const InstanceProfile& profile) { return profile.name; };

v1::InstanceProfile Render(const InstanceProfileService& profiles, const InstanceProfile& profile,
                           const std::string& account_id) {
  v1::InstanceProfile rendered;
  rendered.set_path(profile.path);
  rendered.set_instance_profile_name(profile.name);
  rendered.set_instance_profile_id(profile.id);
  rendered.set_arn(profiles.ArnOf(profile));
  rendered.set_create_date(gateway::RenderTime(profile.created));
  if (profile.role.has_value()) *rendered.add_roles() = RenderRole(*profile.role, account_id);
  return rendered;
}

}  // namespace

void AddIamInstanceProfileHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  const std::string service = "InstanceProfiles";
  InstanceProfileService& profiles = services.instance_profiles;
  const std::string account_id = services.settings.account_id;
  const auto render = [&profiles, account_id](const InstanceProfile& profile) {
    return Render(profiles, profile, account_id);
  };
  HandleIam<v1::CreateInstanceProfileRequest, v1::CreateInstanceProfileResponse>(
      dispatcher, service,
      [&profiles, render](const auto& request) -> absl::StatusOr<v1::CreateInstanceProfileResponse> {
        ASSIGN_OR_RETURN(const InstanceProfile profile,
                         profiles.Create(request.instance_profile_name(), request.has_path() ? request.path() : "/"));
        v1::CreateInstanceProfileResponse response;
        *response.mutable_instance_profile() = render(profile);
        return response;
      });
  HandleIam<v1::GetInstanceProfileRequest, v1::GetInstanceProfileResponse>(
      dispatcher, service, [&profiles, render](const auto& request) -> absl::StatusOr<v1::GetInstanceProfileResponse> {
        ASSIGN_OR_RETURN(const InstanceProfile profile, profiles.Get(request.instance_profile_name()));
        v1::GetInstanceProfileResponse response;
        *response.mutable_instance_profile() = render(profile);
        return response;
      });
  HandleIam<v1::ListInstanceProfilesRequest, v1::ListInstanceProfilesResponse>(
      dispatcher, service,
      [&profiles, render](const auto& request) -> absl::StatusOr<v1::ListInstanceProfilesResponse> {
        v1::ListInstanceProfilesResponse response;
        ASSIGN_OR_RETURN(auto all, profiles.List(request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("instance-profiles", std::move(all), request, response, kName));
        for (const InstanceProfile& profile : all) *response.add_instance_profiles() = render(profile);
        return response;
      });
  HandleIam<v1::ListInstanceProfilesForRoleRequest, v1::ListInstanceProfilesForRoleResponse>(
      dispatcher, service,
      [&profiles, render](const auto& request) -> absl::StatusOr<v1::ListInstanceProfilesForRoleResponse> {
        v1::ListInstanceProfilesForRoleResponse response;
        ASSIGN_OR_RETURN(auto all, profiles.ListOfRole(request.role_name()));
        ASSIGN_OR_RETURN(all, IamPage("instance-profiles-of", std::move(all), request, response, kName));
        for (const InstanceProfile& profile : all) *response.add_instance_profiles() = render(profile);
        return response;
      });
  HandleIam<v1::DeleteInstanceProfileRequest, v1::DeleteInstanceProfileResponse>(
      dispatcher, service, [&profiles](const auto& request) -> absl::StatusOr<v1::DeleteInstanceProfileResponse> {
        RETURN_IF_ERROR(profiles.Delete(request.instance_profile_name()));
        return v1::DeleteInstanceProfileResponse();
      });
  HandleIam<v1::AddRoleToInstanceProfileRequest, v1::AddRoleToInstanceProfileResponse>(
      dispatcher, service, [&profiles](const auto& request) -> absl::StatusOr<v1::AddRoleToInstanceProfileResponse> {
        RETURN_IF_ERROR(profiles.AddRole(request.instance_profile_name(), request.role_name()));
        return v1::AddRoleToInstanceProfileResponse();
      });
  HandleIam<v1::RemoveRoleFromInstanceProfileRequest, v1::RemoveRoleFromInstanceProfileResponse>(
      dispatcher, service,
      [&profiles](const auto& request) -> absl::StatusOr<v1::RemoveRoleFromInstanceProfileResponse> {
        RETURN_IF_ERROR(profiles.RemoveRole(request.instance_profile_name(), request.role_name()));
        return v1::RemoveRoleFromInstanceProfileResponse();
      });
}

}  // namespace brume::iam
