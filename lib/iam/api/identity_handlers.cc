#include "lib/iam/api/identity_handlers.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/iam/api/boundary_handlers.h"
#include "lib/iam/api/iam_page.h"
#include "lib/iam/api/iam_tag_messages.h"
#include "lib/iam/api/identity_render.h"
#include "lib/iam/api/named_user.h"
#include "lib/iam/iam_tag_service.h"
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

// Where a call names no user it is about who calls; those the host lets in, and root, are not users.
absl::StatusOr<v1::GetUserResponse> GetUser(const v1::GetUserRequest& request, const Caller& caller,
                                            IdentityService& identities, IamTagService& tags) {
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
  ASSIGN_OR_RETURN(const TagMap own, tags.Tags(TaggedKind::kUser, name));
  *response.mutable_user() = RenderUser(user, identities.account_id());
  RenderBoundary(user, *response.mutable_user());
  RenderIamTags(own, *response.mutable_user()->mutable_tags());
  return response;
}

absl::StatusOr<v1::CreateUserResponse> CreateUser(const v1::CreateUserRequest& request, IdentityService& identities) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseIamTags(request.tags()));
  Identity draft = DraftOf(IdentityKind::kUser, request.user_name(), request);
  draft.permissions_boundary = request.permissions_boundary();
  ASSIGN_OR_RETURN(const Identity user, identities.Create(std::move(draft), tags));
  v1::CreateUserResponse response;
  *response.mutable_user() = RenderUser(user, identities.account_id());
  RenderBoundary(user, *response.mutable_user());
  RenderIamTags(tags, *response.mutable_user()->mutable_tags());
  return response;
}

absl::StatusOr<v1::ListUsersResponse> ListUsers(const v1::ListUsersRequest& request, IdentityService& identities) {
  v1::ListUsersResponse response;
  ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kUser, request.path_prefix()));
  ASSIGN_OR_RETURN(all, IamPage("users", std::move(all), request, response, kName));
  for (const Identity& user : all) *response.add_users() = RenderUser(user, identities.account_id());
  return response;
}

absl::Status UpdateUser(const v1::UpdateUserRequest& request, IdentityService& identities) {
  IdentityChange change;
  if (request.has_new_user_name()) change.name = request.new_user_name();
  if (request.has_new_path()) change.path = request.new_path();
  return identities.Update(IdentityKind::kUser, request.user_name(), change);
}

// Policies are asked of the user as it will be called, too.
absl::Status DescribeRenamed(const v1::UpdateUserRequest& request, IdentityService& identities,
                             AccessQuestion& question) {
  ASSIGN_OR_RETURN(Identity user, identities.Get(IdentityKind::kUser, request.user_name()));
  if (!request.new_user_name().empty()) user.name = request.new_user_name();
  if (!request.new_path().empty()) user.path = request.new_path();
  question.AddResource(IdentityArn(identities.account_id(), user));
  return absl::OkStatus();
}

absl::Status DeleteUser(const v1::DeleteUserRequest& request, IdentityService& identities) {
  return identities.Delete(IdentityKind::kUser, request.user_name());
}

absl::StatusOr<v1::CreateGroupResponse> CreateGroup(const v1::CreateGroupRequest& request,
                                                    IdentityService& identities) {
  ASSIGN_OR_RETURN(const Identity group,
                   identities.Create(DraftOf(IdentityKind::kGroup, request.group_name(), request)));
  v1::CreateGroupResponse response;
  *response.mutable_group() = RenderGroup(group, identities.account_id());
  return response;
}

absl::StatusOr<v1::GetGroupResponse> GetGroup(const v1::GetGroupRequest& request, IdentityService& identities) {
  v1::GetGroupResponse response;
  ASSIGN_OR_RETURN(const Identity group, identities.Get(IdentityKind::kGroup, request.group_name()));
  *response.mutable_group() = RenderGroup(group, identities.account_id());
  ASSIGN_OR_RETURN(auto members, identities.MembersOf(request.group_name()));
  ASSIGN_OR_RETURN(members, IamPage("members", std::move(members), request, response, kName));
  for (const Identity& user : members) *response.add_users() = RenderUser(user, identities.account_id());
  return response;
}

absl::StatusOr<v1::ListGroupsResponse> ListGroups(const v1::ListGroupsRequest& request, IdentityService& identities) {
  v1::ListGroupsResponse response;
  ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kGroup, request.path_prefix()));
  ASSIGN_OR_RETURN(all, IamPage("groups", std::move(all), request, response, kName));
  for (const Identity& group : all) *response.add_groups() = RenderGroup(group, identities.account_id());
  return response;
}

absl::StatusOr<v1::ListGroupsForUserResponse> ListGroupsForUser(const v1::ListGroupsForUserRequest& request,
                                                                IdentityService& identities) {
  v1::ListGroupsForUserResponse response;
  ASSIGN_OR_RETURN(auto all, identities.GroupsOf(request.user_name()));
  ASSIGN_OR_RETURN(all, IamPage("groups-of", std::move(all), request, response, kName));
  for (const Identity& group : all) *response.add_groups() = RenderGroup(group, identities.account_id());
  return response;
}

absl::Status DeleteGroup(const v1::DeleteGroupRequest& request, IdentityService& identities) {
  return identities.Delete(IdentityKind::kGroup, request.group_name());
}

absl::Status AddUserToGroup(const v1::AddUserToGroupRequest& request, IdentityService& identities) {
  return identities.AddMember(request.group_name(), request.user_name());
}

absl::Status RemoveUserFromGroup(const v1::RemoveUserFromGroupRequest& request, IdentityService& identities) {
  return identities.RemoveMember(request.group_name(), request.user_name());
}

absl::StatusOr<v1::CreateRoleResponse> CreateRole(const v1::CreateRoleRequest& request, IdentityService& identities) {
  Identity draft = DraftOf(IdentityKind::kRole, request.role_name(), request);
  draft.trust_policy = request.assume_role_policy_document();
  draft.description = request.description();
  draft.permissions_boundary = request.permissions_boundary();
  if (request.has_max_session_duration()) draft.max_session_seconds = request.max_session_duration();
  ASSIGN_OR_RETURN(const TagMap tags, ParseIamTags(request.tags()));
  ASSIGN_OR_RETURN(const Identity role, identities.Create(std::move(draft), tags));
  v1::CreateRoleResponse response;
  *response.mutable_role() = RenderRole(role, identities.account_id());
  RenderBoundary(role, *response.mutable_role());
  RenderIamTags(tags, *response.mutable_role()->mutable_tags());
  return response;
}

absl::StatusOr<v1::GetRoleResponse> GetRole(const v1::GetRoleRequest& request, IdentityService& identities,
                                            IamTagService& tags) {
  ASSIGN_OR_RETURN(const Identity role, identities.Get(IdentityKind::kRole, request.role_name()));
  ASSIGN_OR_RETURN(const TagMap own, tags.Tags(TaggedKind::kRole, request.role_name()));
  v1::GetRoleResponse response;
  *response.mutable_role() = RenderRole(role, identities.account_id());
  RenderBoundary(role, *response.mutable_role());
  RenderIamTags(own, *response.mutable_role()->mutable_tags());
  return response;
}

absl::StatusOr<v1::ListRolesResponse> ListRoles(const v1::ListRolesRequest& request, IdentityService& identities) {
  v1::ListRolesResponse response;
  ASSIGN_OR_RETURN(auto all, identities.List(IdentityKind::kRole, request.path_prefix()));
  ASSIGN_OR_RETURN(all, IamPage("roles", std::move(all), request, response, kName));
  for (const Identity& role : all) *response.add_roles() = RenderRole(role, identities.account_id());
  return response;
}

absl::Status UpdateRole(const v1::UpdateRoleRequest& request, IdentityService& identities) {
  IdentityChange change;
  if (request.has_description()) change.description = request.description();
  if (request.has_max_session_duration()) change.max_session_seconds = request.max_session_duration();
  return identities.Update(IdentityKind::kRole, request.role_name(), change);
}

absl::StatusOr<v1::UpdateRoleDescriptionResponse> UpdateRoleDescription(const v1::UpdateRoleDescriptionRequest& request,
                                                                        IdentityService& identities) {
  IdentityChange change;
  change.description = request.description();
  RETURN_IF_ERROR(identities.Update(IdentityKind::kRole, request.role_name(), change));
  ASSIGN_OR_RETURN(const Identity role, identities.Get(IdentityKind::kRole, request.role_name()));
  v1::UpdateRoleDescriptionResponse response;
  *response.mutable_role() = RenderRole(role, identities.account_id());
  return response;
}

absl::Status UpdateAssumeRolePolicy(const v1::UpdateAssumeRolePolicyRequest& request, IdentityService& identities) {
  IdentityChange change;
  change.trust_policy = request.policy_document();
  return identities.Update(IdentityKind::kRole, request.role_name(), change);
}

absl::Status DeleteRole(const v1::DeleteRoleRequest& request, IdentityService& identities) {
  return identities.Delete(IdentityKind::kRole, request.role_name());
}

}  // namespace

void AddIdentityActions(gateway::Actions& actions, IdentityService& identities, IamTagService& tags) {
  const auto describe = [](const auto& request, AccessQuestion& question) {
    return DescribeBoundary(request, question);
  };
  actions.Add(CreateUser, identities).DescribedBy(describe);
  actions.Add(GetUser, identities, tags);
  actions.Add(ListUsers, identities);
  actions.Add(UpdateUser, identities)
      .DescribedBy([&identities](const v1::UpdateUserRequest& request, AccessQuestion& question) {
        return DescribeRenamed(request, identities, question);
      });
  actions.Add(DeleteUser, identities);
  actions.Add(CreateGroup, identities);
  actions.Add(GetGroup, identities);
  actions.Add(ListGroups, identities);
  actions.Add(ListGroupsForUser, identities);
  actions.Add(DeleteGroup, identities);
  actions.Add(AddUserToGroup, identities);
  actions.Add(RemoveUserFromGroup, identities);
  actions.Add(CreateRole, identities).DescribedBy(describe);
  actions.Add(GetRole, identities, tags);
  actions.Add(ListRoles, identities);
  actions.Add(UpdateRole, identities);
  actions.Add(UpdateRoleDescription, identities);
  actions.Add(UpdateAssumeRolePolicy, identities);
  actions.Add(DeleteRole, identities);
}

}  // namespace brume::iam
