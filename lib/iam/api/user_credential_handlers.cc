#include "lib/iam/api/user_credential_handlers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "brume/iam/v1/user_credential.pb.h"
#include "lib/base/status_macros.h"
#include "lib/iam/api/named_user.h"
#include "lib/iam/identity_rules.h"

namespace brume::iam {
namespace {

// The user must be there; where none is named it is who calls.
template <typename Request, typename Response>
absl::StatusOr<Response> ListNone(const Request& request, const Caller& caller, IdentityService& identities) {
  Response none;
  if constexpr (requires { none.set_is_truncated(false); }) none.set_is_truncated(false);
  if constexpr (requires { request.all_users(); }) {
    if (request.all_users() && request.has_user_name())
      return Invalid("UserName and AllUsers cannot be given together");
    if (request.all_users()) return none;
  }
  ASSIGN_OR_RETURN(const std::string name, UserNameOf(request.user_name(), caller));
  if (!name.empty()) RETURN_IF_ERROR(identities.Get(IdentityKind::kUser, name).status());
  return none;
}

absl::StatusOr<v1::ListVirtualMFADevicesResponse> ListVirtualMFADevices(const v1::ListVirtualMFADevicesRequest&) {
  v1::ListVirtualMFADevicesResponse response;
  response.set_is_truncated(false);
  return response;
}

absl::Status NoPassword(const std::string& user, IdentityService& identities) {
  RETURN_IF_ERROR(identities.Get(IdentityKind::kUser, user).status());
  return NoSuchEntity(absl::StrCat("Login Profile for User ", user, " cannot be found."));
}

absl::StatusOr<v1::GetLoginProfileResponse> GetLoginProfile(const v1::GetLoginProfileRequest& request,
                                                            IdentityService& identities) {
  return NoPassword(request.user_name(), identities);
}

absl::Status DeleteLoginProfile(const v1::DeleteLoginProfileRequest& request, IdentityService& identities) {
  return NoPassword(request.user_name(), identities);
}

}  // namespace

void AddUserCredentialActions(gateway::Actions& actions, IdentityService& identities) {
  actions.Add(GetLoginProfile, identities);
  actions.Add(DeleteLoginProfile, identities);
  actions.Add(ListVirtualMFADevices);
  actions.Add(ListNone<v1::ListMFADevicesRequest, v1::ListMFADevicesResponse>, identities);
  actions.Add(ListNone<v1::ListSigningCertificatesRequest, v1::ListSigningCertificatesResponse>, identities);
  actions.Add(ListNone<v1::ListSSHPublicKeysRequest, v1::ListSSHPublicKeysResponse>, identities);
  actions.Add(ListNone<v1::ListServiceSpecificCredentialsRequest, v1::ListServiceSpecificCredentialsResponse>,
              identities);
}

}  // namespace brume::iam
