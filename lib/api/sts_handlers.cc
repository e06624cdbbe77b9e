#include "absl/strings/str_cat.h"
#include "brume/sts/v1/sts.pb.h"
#include "lib/api/handlers.h"

namespace brume::api {
namespace {

namespace sts = ::brume::sts::v1;

constexpr char kService[] = "brume.sts.v1.Sts";

sts::GetCallerIdentityResponse GetCallerIdentity(const std::string& account_id, const Caller& caller) {
  sts::GetCallerIdentityResponse response;
  response.set_account(account_id);
  // Those the host lets in have no name in IAM: they are who the account belongs to.
  response.set_user_id(caller.arn.empty() ? account_id : caller.principal_id);
  response.set_arn(caller.arn.empty() ? absl::StrCat("arn:aws:iam::", account_id, ":root") : caller.arn);
  return response;
}

}  // namespace

void AddStsHandlers(Dispatcher& dispatcher, const Services& services) {
  dispatcher.Handle<sts::GetCallerIdentityRequest, sts::GetCallerIdentityResponse>(
      kService, "GetCallerIdentity",
      [services](const sts::GetCallerIdentityRequest&,
                 const Caller& caller) -> absl::StatusOr<sts::GetCallerIdentityResponse> {
        return GetCallerIdentity(services.settings.account_id, caller);
      });
}

}  // namespace brume::api
