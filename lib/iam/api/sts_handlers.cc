#include "lib/iam/api/sts_handlers.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/sts/v1/sts.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/access.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/session_service.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"

namespace brume::iam {
namespace {

namespace sts = ::brume::sts::v1;

sts::Credentials RenderKey(const SessionKey& key) {
  sts::Credentials credentials;
  credentials.set_access_key_id(key.id);
  credentials.set_secret_access_key(key.secret);
  credentials.set_session_token(key.token);
  credentials.set_expiration(gateway::RenderTime(key.expires));
  return credentials;
}

absl::StatusOr<sts::GetCallerIdentityResponse> GetCallerIdentity(const sts::GetCallerIdentityRequest&,
                                                                 const Caller& caller, const Settings& settings) {
  sts::GetCallerIdentityResponse response;
  response.set_account(settings.account_id);
  // Those the host lets in have no name in IAM: they are who the account belongs to.
  response.set_user_id(caller.arn.empty() ? settings.account_id : caller.principal_id);
  response.set_arn(caller.arn.empty() ? Arn::Root(settings.account_id).text() : caller.arn);
  return response;
}

absl::StatusOr<sts::GetAccessKeyInfoResponse> GetAccessKeyInfo(const sts::GetAccessKeyInfoRequest& request,
                                                               const AccessKeyService& keys, const Settings& settings) {
  // The ids of sessions are kept nowhere.
  if (!keys.Find(request.access_key_id()).has_value()) {
    return ec2::Error("ValidationError", absl::StrCat("The access key ", request.access_key_id(), " is of no account"));
  }
  sts::GetAccessKeyInfoResponse response;
  response.set_account(settings.account_id);
  return response;
}

absl::StatusOr<sts::GetSessionTokenResponse> GetSessionToken(const sts::GetSessionTokenRequest& request,
                                                             const Caller& caller, SessionService& sessions) {
  std::optional<int64_t> seconds;
  if (request.has_duration_seconds()) seconds = request.duration_seconds();
  ASSIGN_OR_RETURN(const SessionKey key, sessions.GetSessionToken(caller, seconds));
  sts::GetSessionTokenResponse response;
  *response.mutable_credentials() = RenderKey(key);
  return response;
}

// Keys of the call, for the caller's own policies and the role's trust policy.
void AddSessionKeys(const sts::AssumeRoleRequest& request, AccessContext& context) {
  constexpr int kDefaultDuration = 3600;
  const auto set = [&context](const char* key, const std::string& value) {
    if (!value.empty()) context[key] = {value};
  };
  set("sts:rolesessionname", request.role_session_name());
  set("sts:externalid", request.external_id());
  set("sts:durationseconds",
      absl::StrCat(request.has_duration_seconds() ? request.duration_seconds() : kDefaultDuration));
  set("sts:sourceidentity", request.source_identity());
  if (request.transitive_tag_keys_size() > 0) {
    context["sts:transitivetagkeys"] = {request.transitive_tag_keys().begin(), request.transitive_tag_keys().end()};
  }
}

// What the role's trust policy may ask of the call.
std::map<std::string, std::vector<std::string>> ContextOf(const sts::AssumeRoleRequest& request, const Caller& caller,
                                                          const IamServices& services) {
  const auto& method = *schema::MethodOf(*sts::AssumeRoleRequest::descriptor());
  AccessContext context =
      gateway::QuestionOf(method, request, caller, services.settings.account(), services.clock.Now()).context;
  AddSessionKeys(request, context);
  return context;
}

absl::StatusOr<sts::AssumeRoleResponse> AssumeRole(const sts::AssumeRoleRequest& request, const Caller& caller,
                                                   const IamServices& services) {
  AssumeRoleWish wish{.role_arn = request.role_arn(),
                      .session_name = request.role_session_name(),
                      .policy = request.policy(),
                      .external_id = request.external_id(),
                      .context = ContextOf(request, caller, services)};
  if (request.has_duration_seconds()) wish.seconds = request.duration_seconds();
  for (const sts::PolicyDescriptorType& policy : request.policy_arns()) wish.policy_arns.push_back(policy.arn());
  for (const sts::Tag& tag : request.tags()) {
    // Of keys that are the same in another case the service says so; of the same one this must.
    if (wish.tags.emplace(tag.key(), tag.value()).second) continue;
    return Invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  wish.transitive_tag_keys = {request.transitive_tag_keys().begin(), request.transitive_tag_keys().end()};
  wish.source_identity = request.source_identity();
  ASSIGN_OR_RETURN(const AssumedRole assumed, services.sessions.AssumeRole(caller, wish));
  sts::AssumeRoleResponse response;
  *response.mutable_credentials() = RenderKey(assumed.key);
  response.mutable_assumed_role_user()->set_arn(assumed.arn);
  response.mutable_assumed_role_user()->set_assumed_role_id(assumed.id);
  if (assumed.packed_percent > 0) response.set_packed_policy_size(assumed.packed_percent);
  if (!assumed.source_identity.empty()) response.set_source_identity(assumed.source_identity);
  return response;
}

}  // namespace

void AddStsActions(gateway::Actions& actions, const IamServices& services) {
  actions.Add(GetCallerIdentity, services.settings);
  actions.Add(GetAccessKeyInfo, services.access_keys, services.settings);
  actions.Add(GetSessionToken, services.sessions);
  actions.Add(AssumeRole, services)
      .DescribedBy([](const sts::AssumeRoleRequest& request, AccessQuestion& question) {
        AddSessionKeys(request, question.context);
        return absl::OkStatus();
      })
      .Implies([](const sts::AssumeRoleRequest& request) -> std::vector<AccessQuestion> {
        if (request.source_identity().empty()) return {};
        return {{.action = "sts:SetSourceIdentity", .resources = {request.role_arn()}, .context = {}}};
      });
}

}  // namespace brume::iam
