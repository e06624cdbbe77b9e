#include "lib/iam/api/policy_handlers.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "brume/iam/v1/policy.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/api/iam_page.h"
#include "lib/iam/api/iam_tag_messages.h"
#include "lib/iam/api/url_encode.h"
#include "lib/iam/iam_tag_service.h"
#include "lib/iam/managed_policy_service.h"
#include "lib/iam/model/builtin_policies.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

absl::StatusOr<int64_t> ParseVersion(absl::string_view text) {
  int64_t number = 0;
  absl::string_view digits = text;
  if (absl::ConsumePrefix(&digits, "v") && absl::SimpleAtoi(digits, &number) && number > 0) return number;
  return ec2::Error("ValidationError", "The version id must be v and a number, such as v2");
}

v1::Policy Render(const PolicyView& view) {
  v1::Policy policy;
  policy.set_policy_name(view.policy.name);
  policy.set_policy_id(view.policy.id);
  policy.set_arn(view.arn);
  policy.set_path(view.policy.path);
  policy.set_default_version_id(absl::StrCat("v", view.policy.default_version));
  policy.set_attachment_count(static_cast<int32_t>(view.attachments));
  policy.set_permissions_boundary_usage_count(static_cast<int32_t>(view.boundaries));
  policy.set_is_attachable(true);
  if (!view.policy.description.empty()) policy.set_description(view.policy.description);
  policy.set_create_date(gateway::RenderTime(view.policy.created));
  policy.set_update_date(gateway::RenderTime(view.policy.updated));
  return policy;
}

v1::PolicyVersion Render(const PolicyVersion& version, int64_t default_version) {
  v1::PolicyVersion rendered;
  rendered.set_version_id(absl::StrCat("v", version.number));
  rendered.set_is_default_version(version.number == default_version);
  rendered.set_create_date(gateway::RenderTime(version.created));
  return rendered;
}

absl::StatusOr<v1::CreatePolicyResponse> CreatePolicy(const v1::CreatePolicyRequest& request,
                                                      ManagedPolicyService& policies) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseIamTags(request.tags()));
  ASSIGN_OR_RETURN(const PolicyView view, policies.Create({.name = request.policy_name(),
                                                           .path = request.has_path() ? request.path() : "/",
                                                           .description = request.description(),
                                                           .document = request.policy_document(),
                                                           .tags = tags}));
  v1::CreatePolicyResponse response;
  *response.mutable_policy() = Render(view);
  RenderIamTags(tags, *response.mutable_policy()->mutable_tags());
  return response;
}

absl::StatusOr<v1::GetPolicyResponse> GetPolicy(const v1::GetPolicyRequest& request, ManagedPolicyService& policies,
                                                IamTagService& tags) {
  ASSIGN_OR_RETURN(const PolicyView view, policies.Get(request.policy_arn()));
  ASSIGN_OR_RETURN(const TagMap own, tags.Tags(TaggedKind::kPolicy, request.policy_arn()));
  v1::GetPolicyResponse response;
  *response.mutable_policy() = Render(view);
  RenderIamTags(own, *response.mutable_policy()->mutable_tags());
  return response;
}

absl::StatusOr<v1::ListPoliciesResponse> ListPolicies(const v1::ListPoliciesRequest& request,
                                                      ManagedPolicyService& policies) {
  v1::ListPoliciesResponse response;
  ASSIGN_OR_RETURN(auto all, policies.List(request.path_prefix()));
  const auto left_out = [&](const PolicyView& view) {
    const bool builtin = IsBuiltinPolicyArn(view.arn);
    return (request.scope() == "AWS" && !builtin) || (request.scope() == "Local" && builtin) ||
           (request.only_attached() && view.attachments == 0);
  };
  all.erase(std::remove_if(all.begin(), all.end(), left_out), all.end());
  ASSIGN_OR_RETURN(all, IamPage("policies", std::move(all), request, response,
                                [](const PolicyView& view) { return absl::StrCat(view.policy.name, " ", view.arn); }));
  for (const PolicyView& view : all) *response.add_policies() = Render(view);
  return response;
}

absl::StatusOr<v1::ListEntitiesForPolicyResponse> ListEntitiesForPolicy(const v1::ListEntitiesForPolicyRequest& request,
                                                                        ManagedPolicyService& policies) {
  const std::string& usage = request.policy_usage_filter();
  ASSIGN_OR_RETURN(auto holders, policies.Holders(request.policy_arn(), {.attached = usage != "PermissionsBoundary",
                                                                         .boundary = usage != "PermissionsPolicy"}));
  std::erase_if(holders, [&](const Identity& holder) {
    const bool of_kind =
        request.entity_filter().empty() || absl::EqualsIgnoreCase(request.entity_filter(), IdentityNoun(holder.kind));
    return !of_kind || !absl::StartsWith(holder.path, request.path_prefix());
  });
  v1::ListEntitiesForPolicyResponse response;
  ASSIGN_OR_RETURN(holders, IamPage("entities", std::move(holders), request, response, [](const Identity& holder) {
                     return absl::StrCat(static_cast<int>(holder.kind), " ", holder.name);
                   }));
  for (const Identity& holder : holders) {
    if (holder.kind == IdentityKind::kUser) {
      v1::PolicyUser& user = *response.add_policy_users();
      user.set_user_name(holder.name);
      user.set_user_id(holder.id);
    } else if (holder.kind == IdentityKind::kGroup) {
      v1::PolicyGroup& group = *response.add_policy_groups();
      group.set_group_name(holder.name);
      group.set_group_id(holder.id);
    } else {
      v1::PolicyRole& role = *response.add_policy_roles();
      role.set_role_name(holder.name);
      role.set_role_id(holder.id);
    }
  }
  return response;
}

absl::Status DeletePolicy(const v1::DeletePolicyRequest& request, ManagedPolicyService& policies) {
  return policies.Delete(request.policy_arn());
}

absl::StatusOr<v1::CreatePolicyVersionResponse> CreatePolicyVersion(const v1::CreatePolicyVersionRequest& request,
                                                                    ManagedPolicyService& policies) {
  ASSIGN_OR_RETURN(const PolicyVersion version,
                   policies.CreateVersion(request.policy_arn(), request.policy_document(), request.set_as_default()));
  v1::CreatePolicyVersionResponse response;
  *response.mutable_policy_version() = Render(version, request.set_as_default() ? version.number : 0);
  return response;
}

absl::StatusOr<v1::GetPolicyVersionResponse> GetPolicyVersion(const v1::GetPolicyVersionRequest& request,
                                                              ManagedPolicyService& policies) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version_id()));
  ASSIGN_OR_RETURN(const PolicyView view, policies.Get(request.policy_arn()));
  ASSIGN_OR_RETURN(const auto versions, policies.Versions(request.policy_arn()));
  v1::GetPolicyVersionResponse response;
  for (const PolicyVersion& version : versions) {
    if (version.number != number) continue;
    *response.mutable_policy_version() = Render(version, view.policy.default_version);
    response.mutable_policy_version()->set_document(UrlEncode(version.document));
    return response;
  }
  return ec2::Error("NoSuchEntity",
                    absl::StrCat("Policy ", view.arn, " version ", request.version_id(), " does not exist."));
}

absl::StatusOr<v1::ListPolicyVersionsResponse> ListPolicyVersions(const v1::ListPolicyVersionsRequest& request,
                                                                  ManagedPolicyService& policies) {
  v1::ListPolicyVersionsResponse response;
  ASSIGN_OR_RETURN(const PolicyView view, policies.Get(request.policy_arn()));
  ASSIGN_OR_RETURN(auto versions, policies.Versions(request.policy_arn()));
  // Newest first: the greater the number, the smaller the key.
  ASSIGN_OR_RETURN(versions,
                   IamPage("versions", std::move(versions), request, response, [](const PolicyVersion& version) {
                     return absl::StrFormat("%020d", INT64_MAX - version.number);
                   }));
  for (const PolicyVersion& version : versions) {
    *response.add_versions() = Render(version, view.policy.default_version);
  }
  return response;
}

absl::Status DeletePolicyVersion(const v1::DeletePolicyVersionRequest& request, ManagedPolicyService& policies) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version_id()));
  return policies.DeleteVersion(request.policy_arn(), number);
}

absl::Status SetDefaultPolicyVersion(const v1::SetDefaultPolicyVersionRequest& request,
                                     ManagedPolicyService& policies) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version_id()));
  return policies.SetDefaultVersion(request.policy_arn(), number);
}

}  // namespace

void AddPolicyActions(gateway::Actions& actions, ManagedPolicyService& policies, IamTagService& tags) {
  actions.Add(CreatePolicy, policies);
  actions.Add(GetPolicy, policies, tags);
  actions.Add(ListPolicies, policies);
  actions.Add(ListEntitiesForPolicy, policies);
  actions.Add(DeletePolicy, policies);
  actions.Add(CreatePolicyVersion, policies);
  actions.Add(GetPolicyVersion, policies);
  actions.Add(ListPolicyVersions, policies);
  actions.Add(DeletePolicyVersion, policies);
  actions.Add(SetDefaultPolicyVersion, policies);
}

}  // namespace brume::iam
