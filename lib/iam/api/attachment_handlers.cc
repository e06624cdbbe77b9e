#include "lib/iam/api/attachment_handlers.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/group_policy.pb.h"
#include "brume/iam/v1/role_policy.pb.h"
#include "brume/iam/v1/user_policy.pb.h"
#include "lib/iam/api/iam.h"
#include "lib/iam/identity_service.h"

namespace brume::iam {
namespace {

// What the three kinds call their messages and their name.
struct OfUsers {
  static constexpr IdentityKind kKind = IdentityKind::kUser;
  using Put = v1::PutUserPolicyRequest;
  using Get = v1::GetUserPolicyRequest;
  using GetResponse = v1::GetUserPolicyResponse;
  using List = v1::ListUserPoliciesRequest;
  using ListResponse = v1::ListUserPoliciesResponse;
  using Delete = v1::DeleteUserPolicyRequest;
  using Attach = v1::AttachUserPolicyRequest;
  using Detach = v1::DetachUserPolicyRequest;
  using ListAttached = v1::ListAttachedUserPoliciesRequest;
  using ListAttachedResponse = v1::ListAttachedUserPoliciesResponse;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.user_name();
  }
  static void SetName(const std::string& name, GetResponse& response) { response.set_user_name(name); }
};

struct OfGroups {
  static constexpr IdentityKind kKind = IdentityKind::kGroup;
  using Put = v1::PutGroupPolicyRequest;
  using Get = v1::GetGroupPolicyRequest;
  using GetResponse = v1::GetGroupPolicyResponse;
  using List = v1::ListGroupPoliciesRequest;
  using ListResponse = v1::ListGroupPoliciesResponse;
  using Delete = v1::DeleteGroupPolicyRequest;
  using Attach = v1::AttachGroupPolicyRequest;
  using Detach = v1::DetachGroupPolicyRequest;
  using ListAttached = v1::ListAttachedGroupPoliciesRequest;
  using ListAttachedResponse = v1::ListAttachedGroupPoliciesResponse;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.group_name();
  }
  static void SetName(const std::string& name, GetResponse& response) { response.set_group_name(name); }
};

struct OfRoles {
  static constexpr IdentityKind kKind = IdentityKind::kRole;
  using Put = v1::PutRolePolicyRequest;
  using Get = v1::GetRolePolicyRequest;
  using GetResponse = v1::GetRolePolicyResponse;
  using List = v1::ListRolePoliciesRequest;
  using ListResponse = v1::ListRolePoliciesResponse;
  using Delete = v1::DeleteRolePolicyRequest;
  using Attach = v1::AttachRolePolicyRequest;
  using Detach = v1::DetachRolePolicyRequest;
  using ListAttached = v1::ListAttachedRolePoliciesRequest;
  using ListAttachedResponse = v1::ListAttachedRolePoliciesResponse;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.role_name();
  }
  static void SetName(const std::string& name, GetResponse& response) { response.set_role_name(name); }
};

template <typename Of>
absl::Status PutPolicy(const typename Of::Put& request, IdentityService& identities) {
  return identities.PutInline(Of::kKind, Of::Name(request), request.policy_name(), request.policy_document());
}

template <typename Of>
absl::StatusOr<typename Of::GetResponse> GetPolicy(const typename Of::Get& request, IdentityService& identities) {
  ASSIGN_OR_RETURN(const std::string document,
                   identities.GetInline(Of::kKind, Of::Name(request), request.policy_name()));
  typename Of::GetResponse response;
  Of::SetName(Of::Name(request), response);
  response.set_policy_name(request.policy_name());
  response.set_policy_document(UrlEncode(document));
  return response;
}

template <typename Of>
absl::StatusOr<typename Of::ListResponse> ListPolicies(const typename Of::List& request, IdentityService& identities) {
  ASSIGN_OR_RETURN(const auto policies, identities.Inline(Of::kKind, Of::Name(request)));
  std::vector<std::string> names;
  for (const auto& [name, document] : policies) names.push_back(name);
  typename Of::ListResponse response;
  ASSIGN_OR_RETURN(names, IamPage("inline-policies", std::move(names), request, response,
                                  [](const std::string& name) { return name; }));
  for (const std::string& name : names) response.add_policy_names(name);
  return response;
}

template <typename Of>
absl::Status DeletePolicy(const typename Of::Delete& request, IdentityService& identities) {
  return identities.DeleteInline(Of::kKind, Of::Name(request), request.policy_name());
}

template <typename Of>
absl::Status AttachPolicy(const typename Of::Attach& request, IdentityService& identities) {
  return identities.Attach(Of::kKind, Of::Name(request), request.policy_arn());
}

template <typename Of>
absl::Status DetachPolicy(const typename Of::Detach& request, IdentityService& identities) {
  return identities.Detach(Of::kKind, Of::Name(request), request.policy_arn());
}

template <typename Of>
absl::StatusOr<typename Of::ListAttachedResponse> ListAttachedPolicies(const typename Of::ListAttached& request,
                                                                       IdentityService& identities) {
  ASSIGN_OR_RETURN(std::vector<std::string> arns, identities.Attached(Of::kKind, Of::Name(request)));
  // ":policy/path/NAME": from the first slash on, the path.
  const auto other_path = [&](const std::string& arn) {
    return !absl::StartsWith(absl::string_view(arn).substr(arn.find('/')), request.path_prefix());
  };
  arns.erase(std::remove_if(arns.begin(), arns.end(), other_path), arns.end());
  typename Of::ListAttachedResponse response;
  ASSIGN_OR_RETURN(arns, IamPage("attached-policies", std::move(arns), request, response,
                                 [](const std::string& arn) { return arn; }));
  for (const std::string& arn : arns) {
    v1::AttachedPolicy& policy = *response.add_attached_policies();
    policy.set_policy_name(arn.substr(arn.rfind('/') + 1));
    policy.set_policy_arn(arn);
  }
  return response;
}

template <typename Of>
void AddPoliciesOf(gateway::Actions& actions, IdentityService& identities) {
  actions.Add(PutPolicy<Of>, identities);
  actions.Add(GetPolicy<Of>, identities);
  actions.Add(ListPolicies<Of>, identities);
  actions.Add(DeletePolicy<Of>, identities);
  actions.Add(AttachPolicy<Of>, identities);
  actions.Add(DetachPolicy<Of>, identities);
  actions.Add(ListAttachedPolicies<Of>, identities);
}

}  // namespace

void AddAttachmentActions(gateway::Actions& actions, IdentityService& identities) {
  AddPoliciesOf<OfUsers>(actions, identities);
  AddPoliciesOf<OfGroups>(actions, identities);
  AddPoliciesOf<OfRoles>(actions, identities);
}

}  // namespace brume::iam
