#include "lib/iam/api/attachment_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/group_policy.pb.h"
#include "brume/iam/v1/role_policy.pb.h"
#include "brume/iam/v1/user_policy.pb.h"
#include "lib/base/status_macros.h"
#include "lib/iam/api/iam_page.h"
#include "lib/iam/api/url_encode.h"
#include "lib/iam/identity_service.h"
#include "lib/resource/arn.h"

namespace brume::iam {
namespace {

// The requests of the three kinds differ in what they call the name.
template <typename Request>
constexpr IdentityKind KindOf() {
  if constexpr (requires(Request r) { r.user_name(); }) return IdentityKind::kUser;
  if constexpr (requires(Request r) { r.group_name(); }) return IdentityKind::kGroup;
  if constexpr (requires(Request r) { r.role_name(); }) return IdentityKind::kRole;
}

template <typename Request>
const std::string& NameIn(const Request& request) {
  constexpr IdentityKind kKind = KindOf<Request>();
  if constexpr (kKind == IdentityKind::kUser) return request.user_name();
  if constexpr (kKind == IdentityKind::kGroup) return request.group_name();
  if constexpr (kKind == IdentityKind::kRole) return request.role_name();
}

template <typename Request>
absl::Status Put(const Request& request, IdentityService& identities) {
  return identities.PutInline(KindOf<Request>(), NameIn(request), request.policy_name(), request.policy_document());
}

template <typename Request, typename Response>
absl::StatusOr<Response> Get(const Request& request, IdentityService& identities) {
  ASSIGN_OR_RETURN(const std::string document,
                   identities.GetInline(KindOf<Request>(), NameIn(request), request.policy_name()));
  Response response;
  if constexpr (KindOf<Request>() == IdentityKind::kUser) response.set_user_name(request.user_name());
  if constexpr (KindOf<Request>() == IdentityKind::kGroup) response.set_group_name(request.group_name());
  if constexpr (KindOf<Request>() == IdentityKind::kRole) response.set_role_name(request.role_name());
  response.set_policy_name(request.policy_name());
  response.set_policy_document(UrlEncode(document));
  return response;
}

template <typename Request, typename Response>
absl::StatusOr<Response> List(const Request& request, IdentityService& identities) {
  ASSIGN_OR_RETURN(const auto policies, identities.Inline(KindOf<Request>(), NameIn(request)));
  std::vector<std::string> names;
  for (const auto& [name, document] : policies) names.push_back(name);
  Response response;
  ASSIGN_OR_RETURN(names, IamPage("inline-policies", std::move(names), request, response,
                                  [](const std::string& name) { return name; }));
  for (const std::string& name : names) response.add_policy_names(name);
  return response;
}

template <typename Request>
absl::Status Delete(const Request& request, IdentityService& identities) {
  return identities.DeleteInline(KindOf<Request>(), NameIn(request), request.policy_name());
}

template <typename Request>
absl::Status Attach(const Request& request, IdentityService& identities) {
  return identities.Attach(KindOf<Request>(), NameIn(request), request.policy_arn());
}

template <typename Request>
absl::Status Detach(const Request& request, IdentityService& identities) {
  return identities.Detach(KindOf<Request>(), NameIn(request), request.policy_arn());
}

template <typename Request, typename Response>
absl::StatusOr<Response> ListAttached(const Request& request, IdentityService& identities) {
  ASSIGN_OR_RETURN(std::vector<std::string> arns, identities.Attached(KindOf<Request>(), NameIn(request)));
  const auto other_path = [&](const std::string& text) {
    const std::optional<Arn> arn = Arn::Parse(text);
    const auto parts = arn.has_value() ? arn->SplitResource() : std::nullopt;
    return !parts.has_value() || !absl::StartsWith(absl::StrCat("/", parts->second), request.path_prefix());
  };
  arns.erase(std::remove_if(arns.begin(), arns.end(), other_path), arns.end());
  Response response;
  ASSIGN_OR_RETURN(arns, IamPage("attached-policies", std::move(arns), request, response,
                                 [](const std::string& arn) { return arn; }));
  for (const std::string& arn : arns) {
    v1::AttachedPolicy& policy = *response.add_attached_policies();
    if (const auto parsed = Arn::Parse(arn)) policy.set_policy_name(std::string(parsed->name()));
    policy.set_policy_arn(arn);
  }
  return response;
}

}  // namespace

void AddAttachmentActions(gateway::Actions& actions, IdentityService& identities) {
  actions.Add(Put<v1::PutUserPolicyRequest>, identities);
  actions.Add(Put<v1::PutGroupPolicyRequest>, identities);
  actions.Add(Put<v1::PutRolePolicyRequest>, identities);
  actions.Add(Get<v1::GetUserPolicyRequest, v1::GetUserPolicyResponse>, identities);
  actions.Add(Get<v1::GetGroupPolicyRequest, v1::GetGroupPolicyResponse>, identities);
  actions.Add(Get<v1::GetRolePolicyRequest, v1::GetRolePolicyResponse>, identities);
  actions.Add(List<v1::ListUserPoliciesRequest, v1::ListUserPoliciesResponse>, identities);
  actions.Add(List<v1::ListGroupPoliciesRequest, v1::ListGroupPoliciesResponse>, identities);
  actions.Add(List<v1::ListRolePoliciesRequest, v1::ListRolePoliciesResponse>, identities);
  actions.Add(Delete<v1::DeleteUserPolicyRequest>, identities);
  actions.Add(Delete<v1::DeleteGroupPolicyRequest>, identities);
  actions.Add(Delete<v1::DeleteRolePolicyRequest>, identities);
  actions.Add(Attach<v1::AttachUserPolicyRequest>, identities);
  actions.Add(Attach<v1::AttachGroupPolicyRequest>, identities);
  actions.Add(Attach<v1::AttachRolePolicyRequest>, identities);
  actions.Add(Detach<v1::DetachUserPolicyRequest>, identities);
  actions.Add(Detach<v1::DetachGroupPolicyRequest>, identities);
  actions.Add(Detach<v1::DetachRolePolicyRequest>, identities);
  actions.Add(ListAttached<v1::ListAttachedUserPoliciesRequest, v1::ListAttachedUserPoliciesResponse>, identities);
  actions.Add(ListAttached<v1::ListAttachedGroupPoliciesRequest, v1::ListAttachedGroupPoliciesResponse>, identities);
  actions.Add(ListAttached<v1::ListAttachedRolePoliciesRequest, v1::ListAttachedRolePoliciesResponse>, identities);
}

}  // namespace brume::iam
