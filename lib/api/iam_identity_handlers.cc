// Users, groups and roles.
#include "lib/api/handlers.h"
#include "lib/api/iam.h"
#include "lib/identity/identity_service.h"

namespace brume::api {
namespace {

using identity::IdentityChange;
using identity::IdentityService;

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
absl::StatusOr<iam::GetUserResponse> GetUser(IdentityService& identities, const iam::GetUserRequest& request,
                                             const Caller& caller) {
  ASSIGN_OR_RETURN(const std::string name, UserNameOf(request.user_name(), caller));
  iam::GetUserResponse response;
  if (name.empty()) {
    // As AWS shows root: an account without a name.
    response.mutable_user()->set_path("/");
    response.mutable_user()->set_user_name("");
    response.mutable_user()->set_user_id(identities.account_id());
    response.mutable_user()->set_arn("arn:aws:iam::" + identities.account_id() + ":root");
    response.mutable_user()->set_create_date("1970-01-01T00:00:00.000Z");
    return response;
  }
  ASSIGN_OR_RETURN(const Identity user, identities.Get(IdentityKind::kUser, name));
  *response.mutable_user() = RenderUser(user, identities.account_id());
  return response;
}

void AddUsers(Dispatcher& dispatcher, IdentityService& identities) {
  const std::string service = "Users";
  HandleIam<iam::CreateUserRequest, iam::CreateUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::CreateUserResponse> {
        ASSIGN_OR_RETURN(const Identity user,
                         identities.Create(DraftOf(IdentityKind::kUser, request.user_name(), request)));
        iam::CreateUserResponse response;
        *response.mutable_user() = RenderUser(user, identities.account_id());
        return response;
      });
  dispatcher.Handle<iam::GetUserRequest, iam::GetUserResponse>(
      "brume.iam.v1.Users", "GetUser",
      [&](const auto& request, const Caller& caller) { return GetUser(identities, request, caller); });
  HandleIam<iam::ListUsersRequest, iam::ListUsersResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::ListUsersResponse> {
        iam::ListUsersResponse response;
        ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kUser, request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("users", std::move(all), request, response, kName));
        for (const Identity& user : all) *response.add_users() = RenderUser(user, identities.account_id());
        return response;
      });
  HandleIam<iam::UpdateUserRequest, iam::UpdateUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::UpdateUserResponse> {
        IdentityChange change;
        if (request.has_new_user_name()) change.name = request.new_user_name();
        if (request.has_new_path()) change.path = request.new_path();
        RETURN_IF_ERROR(identities.Update(IdentityKind::kUser, request.user_name(), change));
        return iam::UpdateUserResponse();
      });
  HandleIam<iam::DeleteUserRequest, iam::DeleteUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::DeleteUserResponse> {
        RETURN_IF_ERROR(identities.Delete(IdentityKind::kUser, request.user_name()));
        return iam::DeleteUserResponse();
      });
}

void AddGroups(Dispatcher& dispatcher, IdentityService& identities) {
  const std::string service = "Groups";
  HandleIam<iam::CreateGroupRequest, iam::CreateGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::CreateGroupResponse> {
        ASSIGN_OR_RETURN(const Identity group,
                         identities.Create(DraftOf(IdentityKind::kGroup, request.group_name(), request)));
        iam::CreateGroupResponse response;
        *response.mutable_group() = RenderGroup(group, identities.account_id());
        return response;
      });
  HandleIam<iam::GetGroupRequest, iam::GetGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::GetGroupResponse> {
        iam::GetGroupResponse response;
        ASSIGN_OR_RETURN(const Identity group, identities.Get(IdentityKind::kGroup, request.group_name()));
        *response.mutable_group() = RenderGroup(group, identities.account_id());
        ASSIGN_OR_RETURN(auto members, identities.MembersOf(request.group_name()));
        ASSIGN_OR_RETURN(members, IamPage("members", std::move(members), request, response, kName));
        for (const Identity& user : members) *response.add_users() = RenderUser(user, identities.account_id());
        return response;
      });
  HandleIam<iam::ListGroupsRequest, iam::ListGroupsResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::ListGroupsResponse> {
        iam::ListGroupsResponse response;
        ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kGroup, request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("groups", std::move(all), request, response, kName));
        for (const Identity& group : all) *response.add_groups() = RenderGroup(group, identities.account_id());
        return response;
      });
  HandleIam<iam::ListGroupsForUserRequest, iam::ListGroupsForUserResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::ListGroupsForUserResponse> {
        iam::ListGroupsForUserResponse response;
        ASSIGN_OR_RETURN(auto all, identities.GroupsOf(request.user_name()));
        ASSIGN_OR_RETURN(all, IamPage("groups-of", std::move(all), request, response, kName));
        for (const Identity& group : all) *response.add_groups() = RenderGroup(group, identities.account_id());
        return response;
      });
  HandleIam<iam::DeleteGroupRequest, iam::DeleteGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::DeleteGroupResponse> {
        RETURN_IF_ERROR(identities.Delete(IdentityKind::kGroup, request.group_name()));
        return iam::DeleteGroupResponse();
      });
  HandleIam<iam::AddUserToGroupRequest, iam::AddUserToGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::AddUserToGroupResponse> {
        RETURN_IF_ERROR(identities.AddMember(request.group_name(), request.user_name()));
        return iam::AddUserToGroupResponse();
      });
  HandleIam<iam::RemoveUserFromGroupRequest, iam::RemoveUserFromGroupResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::RemoveUserFromGroupResponse> {
        RETURN_IF_ERROR(identities.RemoveMember(request.group_name(), request.user_name()));
        return iam::RemoveUserFromGroupResponse();
      });
}

void AddRoles(Dispatcher& dispatcher, IdentityService& identities) {
  const std::string service = "Roles";
  HandleIam<iam::CreateRoleRequest, iam::CreateRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::CreateRoleResponse> {
        Identity draft = DraftOf(IdentityKind::kRole, request.role_name(), request);
        draft.trust_policy = request.assume_role_policy_document();
        draft.description = request.description();
        if (request.has_max_session_duration()) draft.max_session_seconds = request.max_session_duration();
        ASSIGN_OR_RETURN(const Identity role, identities.Create(std::move(draft)));
        iam::CreateRoleResponse response;
        *response.mutable_role() = RenderRole(role, identities.account_id());
        return response;
      });
  HandleIam<iam::GetRoleRequest, iam::GetRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::GetRoleResponse> {
        ASSIGN_OR_RETURN(const Identity role, identities.Get(IdentityKind::kRole, request.role_name()));
        iam::GetRoleResponse response;
        *response.mutable_role() = RenderRole(role, identities.account_id());
        return response;
      });
  HandleIam<iam::ListRolesRequest, iam::ListRolesResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::ListRolesResponse> {
        iam::ListRolesResponse response;
        ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kRole, request.path_prefix()));
        ASSIGN_OR_RETURN(all, IamPage("roles", std::move(all), request, response, kName));
        for (const Identity& role : all) *response.add_roles() = RenderRole(role, identities.account_id());
        return response;
      });
  HandleIam<iam::UpdateRoleRequest, iam::UpdateRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::UpdateRoleResponse> {
        IdentityChange change;
        if (request.has_description()) change.description = request.description();
        if (request.has_max_session_duration()) change.max_session_seconds = request.max_session_duration();
        RETURN_IF_ERROR(identities.Update(IdentityKind::kRole, request.role_name(), change));
        return iam::UpdateRoleResponse();
      });
  HandleIam<iam::UpdateAssumeRolePolicyRequest, iam::UpdateAssumeRolePolicyResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::UpdateAssumeRolePolicyResponse> {
        IdentityChange change;
        change.trust_policy = request.policy_document();
        RETURN_IF_ERROR(identities.Update(IdentityKind::kRole, request.role_name(), change));
        return iam::UpdateAssumeRolePolicyResponse();
      });
  HandleIam<iam::DeleteRoleRequest, iam::DeleteRoleResponse>(
      dispatcher, service, [&](const auto& request) -> absl::StatusOr<iam::DeleteRoleResponse> {
        RETURN_IF_ERROR(identities.Delete(IdentityKind::kRole, request.role_name()));
        return iam::DeleteRoleResponse();
      });
}

}  // namespace

void AddIamIdentityHandlers(Dispatcher& dispatcher, const Services& services) {
  AddUsers(dispatcher, services.identities);
  AddGroups(dispatcher, services.identities);
  AddRoles(dispatcher, services.identities);
}

}  // namespace brume::api
