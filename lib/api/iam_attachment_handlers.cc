// The policies of users, groups and roles: the same seven actions for each of the three.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/group_policy.pb.h"
#include "brume/iam/v1/role_policy.pb.h"
#include "brume/iam/v1/user_policy.pb.h"
#include "lib/api/handlers.h"
#include "lib/api/iam.h"
#include "lib/identity/identity_service.h"

namespace brume::api {
namespace {

using identity::IdentityService;

// What the three kinds call their messages and their name.
struct OfUsers {
  static constexpr IdentityKind kKind = IdentityKind::kUser;
  static constexpr char kService[] = "UserPolicies";
  using Put = std::pair<iam::PutUserPolicyRequest, iam::PutUserPolicyResponse>;
  using Get = std::pair<iam::GetUserPolicyRequest, iam::GetUserPolicyResponse>;
  using List = std::pair<iam::ListUserPoliciesRequest, iam::ListUserPoliciesResponse>;
  using Delete = std::pair<iam::DeleteUserPolicyRequest, iam::DeleteUserPolicyResponse>;
  using Attach = std::pair<iam::AttachUserPolicyRequest, iam::AttachUserPolicyResponse>;
  using Detach = std::pair<iam::DetachUserPolicyRequest, iam::DetachUserPolicyResponse>;
  using ListAttached = std::pair<iam::ListAttachedUserPoliciesRequest, iam::ListAttachedUserPoliciesResponse>;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.user_name();
  }
  static void SetName(const std::string& name, Get::second_type& response) { response.set_user_name(name); }
};

struct OfGroups {
  static constexpr IdentityKind kKind = IdentityKind::kGroup;
  static constexpr char kService[] = "GroupPolicies";
  using Put = std::pair<iam::PutGroupPolicyRequest, iam::PutGroupPolicyResponse>;
  using Get = std::pair<iam::GetGroupPolicyRequest, iam::GetGroupPolicyResponse>;
  using List = std::pair<iam::ListGroupPoliciesRequest, iam::ListGroupPoliciesResponse>;
  using Delete = std::pair<iam::DeleteGroupPolicyRequest, iam::DeleteGroupPolicyResponse>;
  using Attach = std::pair<iam::AttachGroupPolicyRequest, iam::AttachGroupPolicyResponse>;
  using Detach = std::pair<iam::DetachGroupPolicyRequest, iam::DetachGroupPolicyResponse>;
  using ListAttached = std::pair<iam::ListAttachedGroupPoliciesRequest, iam::ListAttachedGroupPoliciesResponse>;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.group_name();
  }
  static void SetName(const std::string& name, Get::second_type& response) { response.set_group_name(name); }
};

struct OfRoles {
  static constexpr IdentityKind kKind = IdentityKind::kRole;
  static constexpr char kService[] = "RolePolicies";
  using Put = std::pair<iam::PutRolePolicyRequest, iam::PutRolePolicyResponse>;
  using Get = std::pair<iam::GetRolePolicyRequest, iam::GetRolePolicyResponse>;
  using List = std::pair<iam::ListRolePoliciesRequest, iam::ListRolePoliciesResponse>;
  using Delete = std::pair<iam::DeleteRolePolicyRequest, iam::DeleteRolePolicyResponse>;
  using Attach = std::pair<iam::AttachRolePolicyRequest, iam::AttachRolePolicyResponse>;
  using Detach = std::pair<iam::DetachRolePolicyRequest, iam::DetachRolePolicyResponse>;
  using ListAttached = std::pair<iam::ListAttachedRolePoliciesRequest, iam::ListAttachedRolePoliciesResponse>;
  template <typename Request>
  static const std::string& Name(const Request& request) {
    return request.role_name();
  }
  static void SetName(const std::string& name, Get::second_type& response) { response.set_role_name(name); }
};

// `function` takes the request and fills the response.
template <typename Messages, typename Function>
void On(Dispatcher& dispatcher, const char* service, Function function) {
  using Response = typename Messages::second_type;
  HandleIam<typename Messages::first_type, Response>(
      dispatcher, service, [function](const typename Messages::first_type& request) -> absl::StatusOr<Response> {
        Response response;
        RETURN_IF_ERROR(function(request, response));
        return response;
      });
}

template <typename Of>
void AddInline(Dispatcher& dispatcher, IdentityService& identities) {
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
void AddAttached(Dispatcher& dispatcher, IdentityService& identities) {
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
      iam::AttachedPolicy& policy = *response.add_attached_policies();
      policy.set_policy_name(arn.substr(arn.rfind('/') + 1));
      policy.set_policy_arn(arn);
    }
    return absl::OkStatus();
  });
}

template <typename Of>
void AddPoliciesOf(Dispatcher& dispatcher, IdentityService& identities) {
  AddInline<Of>(dispatcher, identities);
  AddAttached<Of>(dispatcher, identities);
}

}  // namespace

void AddIamAttachmentHandlers(Dispatcher& dispatcher, const Services& services) {
  AddPoliciesOf<OfUsers>(dispatcher, services.identities);
  AddPoliciesOf<OfGroups>(dispatcher, services.identities);
  AddPoliciesOf<OfRoles>(dispatcher, services.identities);
}

}  // namespace brume::api
