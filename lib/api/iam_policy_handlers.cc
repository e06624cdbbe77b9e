// Managed policies and their versions.
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "brume/iam/v1/policy.pb.h"
#include "lib/api/handlers.h"
#include "lib/api/iam.h"
#include "lib/api/render.h"
#include "lib/domain/ec2_error.h"
#include "lib/identity/identity_service.h"

namespace brume::api {
namespace {

using identity::IdentityService;
using identity::PolicyView;

constexpr char kService[] = "Policies";

absl::StatusOr<int64_t> ParseVersion(absl::string_view text) {
  int64_t number = 0;
  absl::string_view digits = text;
  if (absl::ConsumePrefix(&digits, "v") && absl::SimpleAtoi(digits, &number) && number > 0) return number;
  return ec2::Error("ValidationError", "The version id must be v and a number, such as v2");
}

iam::Policy Render(const PolicyView& view) {
  iam::Policy policy;
  policy.set_policy_name(view.policy.name);
  policy.set_policy_id(view.policy.id);
  policy.set_arn(view.arn);
  policy.set_path(view.policy.path);
  policy.set_default_version_id(absl::StrCat("v", view.policy.default_version));
  policy.set_attachment_count(static_cast<int32_t>(view.attachments));
  policy.set_is_attachable(true);
  if (!view.policy.description.empty()) policy.set_description(view.policy.description);
  policy.set_create_date(RenderTime(view.policy.created));
  policy.set_update_date(RenderTime(view.policy.updated));
  return policy;
}

iam::PolicyVersion Render(const PolicyVersion& version, int64_t default_version) {
  iam::PolicyVersion rendered;
  rendered.set_version_id(absl::StrCat("v", version.number));
  rendered.set_is_default_version(version.number == default_version);
  rendered.set_create_date(RenderTime(version.created));
  return rendered;
}

void AddPolicies(Dispatcher& dispatcher, IdentityService& identities) {
  HandleIam<iam::CreatePolicyRequest, iam::CreatePolicyResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::CreatePolicyResponse> {
        ASSIGN_OR_RETURN(const PolicyView view,
                         identities.CreatePolicy(request.policy_name(), request.has_path() ? request.path() : "/",
                                                 request.description(), request.policy_document()));
        iam::CreatePolicyResponse response;
        *response.mutable_policy() = Render(view);
        return response;
      });
  HandleIam<iam::GetPolicyRequest, iam::GetPolicyResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::GetPolicyResponse> {
        ASSIGN_OR_RETURN(const PolicyView view, identities.GetPolicy(request.policy_arn()));
        iam::GetPolicyResponse response;
        *response.mutable_policy() = Render(view);
        return response;
      });
  HandleIam<iam::ListPoliciesRequest, iam::ListPoliciesResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::ListPoliciesResponse> {
        iam::ListPoliciesResponse response;
        ASSIGN_OR_RETURN(auto all, identities.ListPolicies(request.path_prefix()));
        const auto left_out = [&](const PolicyView& view) {
          const bool builtin = absl::StartsWith(view.arn, "arn:aws:iam::aws:");
          return (request.scope() == "AWS" && !builtin) || (request.scope() == "Local" && builtin) ||
                 (request.only_attached() && view.attachments == 0);
        };
        all.erase(std::remove_if(all.begin(), all.end(), left_out), all.end());
        ASSIGN_OR_RETURN(all, IamPage("policies", std::move(all), request, response, [](const PolicyView& view) {
                           return absl::StrCat(view.policy.name, " ", view.arn);
                         }));
        for (const PolicyView& view : all) *response.add_policies() = Render(view);
        return response;
      });
  HandleIam<iam::DeletePolicyRequest, iam::DeletePolicyResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::DeletePolicyResponse> {
        RETURN_IF_ERROR(identities.DeletePolicy(request.policy_arn()));
        return iam::DeletePolicyResponse();
      });
}

void AddVersions(Dispatcher& dispatcher, IdentityService& identities) {
  HandleIam<iam::CreatePolicyVersionRequest, iam::CreatePolicyVersionResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::CreatePolicyVersionResponse> {
        ASSIGN_OR_RETURN(
            const PolicyVersion version,
            identities.CreateVersion(request.policy_arn(), request.policy_document(), request.set_as_default()));
        iam::CreatePolicyVersionResponse response;
        *response.mutable_policy_version() = Render(version, request.set_as_default() ? version.number : 0);
        return response;
      });
  HandleIam<iam::GetPolicyVersionRequest, iam::GetPolicyVersionResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::GetPolicyVersionResponse> {
        ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version_id()));
        ASSIGN_OR_RETURN(const PolicyView view, identities.GetPolicy(request.policy_arn()));
        ASSIGN_OR_RETURN(const auto versions, identities.Versions(request.policy_arn()));
        iam::GetPolicyVersionResponse response;
        for (const PolicyVersion& version : versions) {
          if (version.number != number) continue;
          *response.mutable_policy_version() = Render(version, view.policy.default_version);
          response.mutable_policy_version()->set_document(UrlEncode(version.document));
          return response;
        }
        return ec2::Error("NoSuchEntity",
                          absl::StrCat("Policy ", view.arn, " version ", request.version_id(), " does not exist."));
      });
  HandleIam<iam::ListPolicyVersionsRequest, iam::ListPolicyVersionsResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::ListPolicyVersionsResponse> {
        iam::ListPolicyVersionsResponse response;
        ASSIGN_OR_RETURN(const PolicyView view, identities.GetPolicy(request.policy_arn()));
        ASSIGN_OR_RETURN(auto versions, identities.Versions(request.policy_arn()));
        // Newest first: the greater the number, the smaller the key.
        ASSIGN_OR_RETURN(versions,
                         IamPage("versions", std::move(versions), request, response, [](const PolicyVersion& version) {
                           return absl::StrFormat("%020d", INT64_MAX - version.number);
                         }));
        for (const PolicyVersion& version : versions) {
          *response.add_versions() = Render(version, view.policy.default_version);
        }
        return response;
      });
  HandleIam<iam::DeletePolicyVersionRequest, iam::DeletePolicyVersionResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::DeletePolicyVersionResponse> {
        ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version_id()));
        RETURN_IF_ERROR(identities.DeleteVersion(request.policy_arn(), number));
        return iam::DeletePolicyVersionResponse();
      });
  HandleIam<iam::SetDefaultPolicyVersionRequest, iam::SetDefaultPolicyVersionResponse>(
      dispatcher, kService, [&](const auto& request) -> absl::StatusOr<iam::SetDefaultPolicyVersionResponse> {
        ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version_id()));
        RETURN_IF_ERROR(identities.SetDefaultVersion(request.policy_arn(), number));
        return iam::SetDefaultPolicyVersionResponse();
      });
}

}  // namespace

void AddIamPolicyHandlers(Dispatcher& dispatcher, const Services& services) {
  AddPolicies(dispatcher, services.identities);
  AddVersions(dispatcher, services.identities);
}

}  // namespace brume::api
