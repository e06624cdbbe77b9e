// The policies of users, groups and roles: the same seven actions for each of the three.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/group_policy.pb.h"
#include "brume/iam/v1/role_policy.pb.h"
#include "brume/iam/v1/user_policy.pb.h"
#include "lib/api/handlers.h"
#include "lib/iam/api/iam.h"
#include "lib/iam/identity_service.h"

namespace brume::iam {
namespace {

// What the three kinds call their messages and their name.
struct OfUsers {
  static constexpr IdentityKind kKind = IdentityKind::kUser;
  static constexpr char kService[] = "UserPolicies";
  using Put = std::pair<v1::PutUserPolicyRequest, v1::PutUserPolicyResponse>;
  using Get = std::pair<v1::GetUserPolicyRequest, v1::GetUserPolicyResponse>;
  using List = std::pair<v1::ListUserPoliciesRequest, v1::ListUserPoliciesResponse>;
  using Delete = std::pair<v1::DeleteUserPolicyRequest, v1::DeleteUserPolicyResponse>;
  using Attach = std::pair<v1::AttachUserPolicyRequest, v1::AttachUserPolicyResponse>;
  using Detach = std::pair<v1::DetachUserPolicyRequest, v1::DetachUserPolicyResponse>;
  using ListAttached = std::pair<v1::ListAttachedUserPoliciesRequest, v1::ListAttachedUserPoliciesResponse>;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.user_name();
  }
  static void SetName(const std::string& name, Get::second_type& response) { response.set_user_name(name); }
};

struct OfGroups {
  static constexpr IdentityKind kKind = IdentityKind::kGroup;
  static constexpr char kService[] = "GroupPolicies";
  using Put = std::pair<v1::PutGroupPolicyRequest, v1::PutGroupPolicyResponse>;
  using Get = std::pair<v1::GetGroupPolicyRequest, v1::GetGroupPolicyResponse>;
  using List = std::pair<v1::ListGroupPoliciesRequest, v1::ListGroupPoliciesResponse>;
  using Delete = std::pair<v1::DeleteGroupPolicyRequest, v1::DeleteGroupPolicyResponse>;
  using Attach = std::pair<v1::AttachGroupPolicyRequest, v1::AttachGroupPolicyResponse>;
  using Detach = std::pair<v1::DetachGroupPolicyRequest, v1::DetachGroupPolicyResponse>;
  using ListAttached = std::pair<v1::ListAttachedGroupPoliciesRequest, v1::ListAttachedGroupPoliciesResponse>;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.group_name();
  }
  static void SetName(const std::string& name, Get::second_type& response) { response.set_group_name(name); }
};

struct OfRoles {
  static constexpr IdentityKind kKind = IdentityKind::kRole;
  static constexpr char kService[] = "RolePolicies";
  using Put = std::pair<v1::PutRolePolicyRequest, v1::PutRolePolicyResponse>;
  using Get = std::pair<v1::GetRolePolicyRequest, v1::GetRolePolicyResponse>;
  using List = std::pair<v1::ListRolePoliciesRequest, v1::ListRolePoliciesResponse>;
  using Delete = std::pair<v1::DeleteRolePolicyRequest, v1::DeleteRolePolicyResponse>;
  using Attach = std::pair<v1::AttachRolePolicyRequest, v1::AttachRolePolicyResponse>;
  using Detach = std::pair<v1::DetachRolePolicyRequest, v1::DetachRolePolicyResponse>;
  using ListAttached = std::pair<v1::ListAttachedRolePoliciesRequest, v1::ListAttachedRolePoliciesResponse>;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.role_name();
  }
  static void SetName(const std::string& name, Get::second_type& response) { response.set_role_name(name); }
};

// `function` takes the request and fills the response.
template <typename Messages, typename Function>
void On(gateway::Dispatcher& dispatcher, const char* service, Function function) {
  using Response = typename Messages::second_type;
  HandleIam<typename Messages::first_type, Response>(
      dispatcher, service, [function](const typename Messages::first_type& request) -> absl::StatusOr<Response> {
        Response response;
        RETURN_IF_ERROR(function(request, response));
        return response;
      });
}

template <typename Of>
void AddInline(gateway::Dispatcher& dispatcher, IdentityService& identities) {
  On<typename Of::Put>(dispatcher, Of::kService, [&](const auto& request, auto&) {
    return identities.PutInline(Of::kKind, Of::Name(request), request.policy_name(), request.policy_document());
  });
  On<typename Of::Get>(dispatcher, Of::kService, [&](const auto& request, auto& response) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string document,
                     identities.GetInline(Of::kKind, Of::Name(request), request.policy_name()));
    Of::SetName(Of::Name(request), response);
    response.set_policy_name(request.policy_name());
    response.set_policy_document(UrlEncode(document));
    return absl::OkStatus();
  });
  On<typename Of::List>(dispatcher, Of::kService, [&](const auto& request, auto& response) -> absl::Status {
    ASSIGN_OR_RETURN(const auto policies, identities.Inline(Of::kKind, Of::Name(request)));
    std::vector<std::string> names;
    for (const auto& [name, document] : policies) names.push_back(name);
    ASSIGN_OR_RETURN(names, IamPage("inline-policies", std::move(names), request, response,
                                    [](const std::string& name) { return name; }));
    for (const std::string& name : names) response.add_policy_names(name);
    return absl::OkStatus();
  });
  On<typename Of::Delete>(dispatcher, Of::kService, [&](const auto& request, auto&) {
    return identities.DeleteInline(Of::kKind, Of::Name(request), request.policy_name());
  });
}

template <typename Of>
void AddAttached(gateway::Dispatcher& dispatcher, IdentityService& identities) {
  On<typename Of::Attach>(dispatcher, Of::kService, [&](const auto& request, auto&) {
    return identities.Attach(Of::kKind, Of::Name(request), request.policy_arn());
  });
  On<typename Of::Detach>(dispatcher, Of::kService, [&](const auto& request, auto&) {
    return identities.Detach(Of::kKind, Of::Name(request), request.policy_arn());
  });
  On<typename Of::ListAttached>(dispatcher, Of::kService, [&](const auto& request, auto& response) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<std::string> arns, identities.Attached(Of::kKind, Of::Name(request)));
    // ":policy/path/NAME": from the first slash on, the path.
    const auto other_path = [&](const std::string& arn) {
      return !absl::StartsWith(absl::string_view(arn).substr(arn.find('/')), request.path_prefix());
    };
    arns.erase(std::remove_if(arns.begin(), arns.end(), other_path), arns.end());
    ASSIGN_OR_RETURN(arns, IamPage("attached-policies", std::move(arns), request, response,
                                   [](const std::string& arn) { return arn; }));
    for (const std::string& arn : arns) {
      v1::AttachedPolicy& policy = *response.add_attached_policies();
      policy.set_policy_name(arn.substr(arn.rfind('/') + 1));
      policy.set_policy_arn(arn);
    }
    return absl::OkStatus();
  });
}

template <typename Of>
void AddPoliciesOf(gateway::Dispatcher& dispatcher, IdentityService& identities) {
  AddInline<Of>(dispatcher, identities);
  AddAttached<Of>(dispatcher, identities);
}

}  // namespace

void AddIamAttachmentHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  AddPoliciesOf<OfUsers>(dispatcher, services.identities);
  AddPoliciesOf<OfGroups>(dispatcher, services.identities);
  AddPoliciesOf<OfRoles>(dispatcher, services.identities);
}

}  // namespace brume::iam
