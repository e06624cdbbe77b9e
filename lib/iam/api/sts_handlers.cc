#include "absl/strings/str_cat.h"
#include "brume/sts/v1/sts.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/access.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/session_service.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

namespace sts = ::brume::sts::v1;

constexpr char kService[] = "brume.sts.v1.Sts";
constexpr int kMostPolicy = 2048;

sts::Credentials RenderKey(const SessionKey& key) {
  sts::Credentials credentials;
  credentials.set_access_key_id(key.id);
  credentials.set_secret_access_key(key.secret);
  credentials.set_session_token(key.token);
  credentials.set_expiration(gateway::RenderTime(key.expires));
  return credentials;
}

sts::GetCallerIdentityResponse GetCallerIdentity(const std::string& account_id, const Caller& caller) {
  sts::GetCallerIdentityResponse response;
  response.set_account(account_id);
  // Those the host lets in have no name in IAM: they are who the account belongs to.
  response.set_user_id(caller.arn.empty() ? account_id : caller.principal_id);
  response.set_arn(caller.arn.empty() ? Arn::Root(account_id).text() : caller.arn);
  return response;
}

absl::StatusOr<sts::GetAccessKeyInfoResponse> GetAccessKeyInfo(const api::Services& services,
                                                               const sts::GetAccessKeyInfoRequest& request) {
  // The ids of sessions are kept nowhere.
  if (!services.access_keys.Find(request.access_key_id()).has_value()) {
    return ec2::Error("ValidationError", absl::StrCat("The access key ", request.access_key_id(), " is of no account"));
  }
  sts::GetAccessKeyInfoResponse response;
  response.set_account(services.settings.account_id);
  return response;
}

absl::StatusOr<sts::GetSessionTokenResponse> GetSessionToken(const api::Services& services,
                                                             const sts::GetSessionTokenRequest& request,
                                                             const Caller& caller) {
  std::optional<int64_t> seconds;
  if (request.has_duration_seconds()) seconds = request.duration_seconds();
  ASSIGN_OR_RETURN(const SessionKey key, services.sessions.GetSessionToken(caller, seconds));
  sts::GetSessionTokenResponse response;
  *response.mutable_credentials() = RenderKey(key);
  return response;
}

absl::StatusOr<sts::AssumeRoleResponse> AssumeRole(const api::Services& services,
                                                   const google::protobuf::MethodDescriptor& method,
                                                   const sts::AssumeRoleRequest& request, const Caller& caller) {
  const Account account = services.settings.account();
  AssumeRoleWish wish{.role_arn = request.role_arn(),
                      .session_name = request.role_session_name(),
                      .policy = request.policy(),
                      .external_id = request.external_id(),
                      .context = gateway::QuestionOf(method, request, caller, account, services.clock.Now()).context};
  if (request.has_duration_seconds()) wish.seconds = request.duration_seconds();
  ASSIGN_OR_RETURN(const AssumedRole assumed, services.sessions.AssumeRole(caller, wish));
  sts::AssumeRoleResponse response;
  *response.mutable_credentials() = RenderKey(assumed.key);
  response.mutable_assumed_role_user()->set_arn(assumed.arn);
  response.mutable_assumed_role_user()->set_assumed_role_id(assumed.id);
  if (request.has_policy()) {
    response.set_packed_policy_size((static_cast<int>(request.policy().size()) * 100 + kMostPolicy - 1) / kMostPolicy);
  }
  return response;
}

}  // namespace

void AddStsHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<sts::GetCallerIdentityRequest, sts::GetCallerIdentityResponse>(
      kService, "GetCallerIdentity",
      [services](const sts::GetCallerIdentityRequest&,
                 const Caller& caller) -> absl::StatusOr<sts::GetCallerIdentityResponse> {
        return GetCallerIdentity(services.settings.account_id, caller);
      });
  dispatcher.Handle<sts::GetAccessKeyInfoRequest, sts::GetAccessKeyInfoResponse>(
      kService, "GetAccessKeyInfo", [services](const sts::GetAccessKeyInfoRequest& request, const Caller&) {
        return GetAccessKeyInfo(services, request);
      });
  dispatcher.Handle<sts::GetSessionTokenRequest, sts::GetSessionTokenResponse>(
      kService, "GetSessionToken", [services](const sts::GetSessionTokenRequest& request, const Caller& caller) {
        return GetSessionToken(services, request, caller);
      });
  const auto& assume_role = *dispatcher.FindMethod(kService, "AssumeRole");
  dispatcher.Handle<sts::AssumeRoleRequest, sts::AssumeRoleResponse>(
      kService, "AssumeRole", [services, &assume_role](const sts::AssumeRoleRequest& request, const Caller& caller) {
        return AssumeRole(services, assume_role, request, caller);
      });
}

}  // namespace brume::iam
