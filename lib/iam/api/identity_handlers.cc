// Users, groups and roles.
#include "lib/api/handlers.h"
#include "lib/iam/api/iam.h"
#include "lib/iam/identity_service.h"
#include "lib/resource/arn.h"

namespace brume::iam {
namespace {

const auto kName = [](const Identity& identity) { return identity.name; };

template <typename Request>
Identity DraftOf(IdentityKind kind, const std::string& name, const Request& request) {
  Identity draft;
  draft.kind = kind;
  draft.name = name;
  if (request.has_path()) draft.path = request.path();
  return draft;
}

// Where a call names no user it is about who calls; those the host lets in, and root, are none.
absl::StatusOr<v1::GetUserResponse> GetUser(IdentityService& identities, const v1::GetUserRequest& request,
                                            const Caller& caller) {
  ASSIGN_OR_RETURN(const std::string name, UserNameOf(request.user_name(), caller));
  v1::GetUserResponse response;
  if (name.empty()) {
    // As AWS shows root: an account without a name.
    response.mutable_user()->set_path("/");
    response.mutable_user()->set_user_name("");
    response.mutable_user()->set_user_id(identities.account_id());
    response.mutable_user()->set_arn(Arn::Root(identities.account_id()).text());
    response.mutable_user()->set_create_date("1970-01-01T00:00:00.000Z");
    return response;
  }
  ASSIGN_OR_RETURN(const Identity user, identities.Get(IdentityKind::kUser, name));
  *response.mutable_user() = RenderUser(user, identities.account_id());
  return response;
}

void AddUsers(gateway::Dispatcher& dispatcher, IdentityService& identities) {
  const std::string service = "Users";
  HandleIam<v1::CreateUserRequest, v1::CreateUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::CreateUserResponse> {
        ASSIGN_OR_RETURN(const Identity user,
                         identities.Create(DraftOf(IdentityKind::kUser, request.user_name(), request)));
        v1::CreateUserResponse response;
        *response.mutable_user() = RenderUser(user, identities.account_id());
        return response;
      });
  dispatcher.Handle<v1::GetUserRequest, v1::GetUserResponse>(
      "brume.iam.v1.Users", "GetUser",
      [&](const auto& request, const Caller& caller) { return GetUser(identities, request, caller); });
  HandleIam<v1::ListUsersRequest, v1::ListUsersResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::ListUsersResponse> {
        v1::ListUsersResponse response;
        ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kUser, request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("users", std::move(all), request, response, kName));
        for (const Identity& user : all) *response.add_users() = RenderUser(user, identities.account_id());
        return response;
      });
  HandleIam<v1::UpdateUserRequest, v1::UpdateUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::UpdateUserResponse> {
        IdentityChange change;
        if (request.has_new_user_name()) change.name = request.new_user_name();
        if (request.has_new_path()) change.path = request.new_path();
        RETURN_IF_ERROR(identities.Update(IdentityKind::kUser, request.user_name(), change));
        return v1::UpdateUserResponse();
      });
  HandleIam<v1::DeleteUserRequest, v1::DeleteUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::DeleteUserResponse> {
        RETURN_IF_ERROR(identities.Delete(IdentityKind::kUser, request.user_name()));
        return v1::DeleteUserResponse();
      });
}

void AddGroups(gateway::Dispatcher& dispatcher, IdentityService& identities) {
  const std::string service = "Groups";
  HandleIam<v1::CreateGroupRequest, v1::CreateGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::CreateGroupResponse> {
        ASSIGN_OR_RETURN(const Identity group,
                         identities.Create(DraftOf(IdentityKind::kGroup, request.group_name(), request)));
        v1::CreateGroupResponse response;
        *response.mutable_group() = RenderGroup(group, identities.account_id());
        return response;
      });
  HandleIam<v1::GetGroupRequest, v1::GetGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::GetGroupResponse> {
        v1::GetGroupResponse response;
        ASSIGN_OR_RETURN(const Identity group, identities.Get(IdentityKind::kGroup, request.group_name()));
        *response.mutable_group() = RenderGroup(group, identities.account_id());
        ASSIGN_OR_RETURN(auto members, identities.MembersOf(request.group_name()));
        ASSIGN_OR_RETURN(members, IamPage("members", std::move(members), request, response, kName));
        for (const Identity& user : members) *response.add_users() = RenderUser(user, identities.account_id());
        return response;
      });
  HandleIam<v1::ListGroupsRequest, v1::ListGroupsResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::ListGroupsResponse> {
        v1::ListGroupsResponse response;
        ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kGroup, request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("groups", std::move(all), request, response, kName));
        for (const Identity& group : all) *response.add_groups() = RenderGroup(group, identities.account_id());
        return response;
      });
  HandleIam<v1::ListGroupsForUserRequest, v1::ListGroupsForUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::ListGroupsForUserResponse> {
        v1::ListGroupsForUserResponse response;
        ASSIGN_OR_RETURN(auto all, identities.GroupsOf(request.user_name()));
        ASSIGN_OR_RETURN(all, IamPage("groups-of", std::move(all), request, response, kName));
        for (const Identity& group : all) *response.add_groups() = RenderGroup(group, identities.account_id());
        return response;
      });
  HandleIam<v1::DeleteGroupRequest, v1::DeleteGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::DeleteGroupResponse> {
        RETURN_IF_ERROR(identities.Delete(IdentityKind::kGroup, request.group_name()));
        return v1::DeleteGroupResponse();
      });
  HandleIam<v1::AddUserToGroupRequest, v1::AddUserToGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::AddUserToGroupResponse> {
        RETURN_IF_ERROR(identities.AddMember(request.group_name(), request.user_name()));
        return v1::AddUserToGroupResponse();
      });
  HandleIam<v1::RemoveUserFromGroupRequest, v1::RemoveUserFromGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::RemoveUserFromGroupResponse> {
        RETURN_IF_ERROR(identities.RemoveMember(request.group_name(), request.user_name()));
        return v1::RemoveUserFromGroupResponse();
      });
}

void AddRoles(gateway::Dispatcher& dispatcher, IdentityService& identities) {
  const std::string service = "Roles";
  HandleIam<v1::CreateRoleRequest, v1::CreateRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::CreateRoleResponse> {
        Identity draft = DraftOf(IdentityKind::kRole, request.role_name(), request);
        draft.trust_policy = request.assume_role_policy_document();
        draft.description = request.description();
        if (request.has_max_session_duration()) draft.max_session_seconds = request.max_session_duration();
        ASSIGN_OR_RETURN(const Identity role, identities.Create(std::move(draft)));
        v1::CreateRoleResponse response;
        *response.mutable_role() = RenderRole(role, identities.account_id());
        return response;
      });
  HandleIam<v1::GetRoleRequest, v1::GetRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::GetRoleResponse> {
        ASSIGN_OR_RETURN(const Identity role, identities.Get(IdentityKind::kRole, request.role_name()));
        v1::GetRoleResponse response;
        *response.mutable_role() = RenderRole(role, identities.account_id());
        return response;
      });
  HandleIam<v1::ListRolesRequest, v1::ListRolesResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::ListRolesResponse> {
        v1::ListRolesResponse response;
        ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kRole, request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("roles", std::move(all), request, response, kName));
        for (const Identity& role : all) *response.add_roles() = RenderRole(role, identities.account_id());
        return response;
      });
  HandleIam<v1::UpdateRoleRequest, v1::UpdateRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::UpdateRoleResponse> {
        IdentityChange change;
        if (request.has_description()) change.description = request.description();
        if (request.has_max_session_duration()) change.max_session_seconds = request.max_session_duration();
        RETURN_IF_ERROR(identities.Update(IdentityKind::kRole, request.role_name(), change));
        return v1::UpdateRoleResponse();
      });
  HandleIam<v1::UpdateAssumeRolePolicyRequest, v1::UpdateAssumeRolePolicyResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::UpdateAssumeRolePolicyResponse> {
        IdentityChange change;
        change.trust_policy = request.policy_document();
        RETURN_IF_ERROR(identities.Update(IdentityKind::kRole, request.role_name(), change));
        return v1::UpdateAssumeRolePolicyResponse();
      });
  HandleIam<v1::DeleteRoleRequest, v1::DeleteRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<v1::DeleteRoleResponse> {
        RETURN_IF_ERROR(identities.Delete(IdentityKind::kRole, request.role_name()));
        return v1::DeleteRoleResponse();
      });
}

}  // namespace

void AddIamIdentityHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  AddUsers(dispatcher, services.identities);
  AddGroups(dispatcher, services.identities);
  AddRoles(dispatcher, services.identities);
}

}  // namespace brume::iam
