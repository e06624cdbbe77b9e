#include "lib/imds/module.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/imds/role_credentials.h"

namespace brume::imds {
namespace {

constexpr Ipv4 kAddress{0xa9fea9fe};  // 169.254.169.254
constexpr uint16_t kPort = 80;

RoleCredentialsSource CredentialsOf(const ImdsParts& parts) {
  return [session_of = parts.session_of](const InstanceId& id,
                                         const Identity& role) -> absl::StatusOr<std::optional<RoleCredentials>> {
    ASSIGN_OR_RETURN(const std::optional<iam::InstanceSession> session, session_of(id, role));
    if (!session.has_value()) return std::nullopt;
    return RoleCredentials{.access_key_id = session->key.id,
                           .secret_access_key = session->key.secret,
                           .token = session->key.token,
                           .updated = session->made,
                           .expires = session->key.expires};
  };
}

}  // namespace

ImdsModule::ImdsModule(ImdsParts parts)
    : parts_(std::move(parts)),
      server_(parts_.database, parts_.settings, parts_.types, parts_.clock, {.credentials = CredentialsOf(parts_)}) {}

absl::Status ImdsModule::Serve(const VpcId& vpc) {
  if (parts_.listen == nullptr) return absl::OkStatus();
  MutexLock lock(mutex_);
  if (served_.contains(vpc)) return absl::OkStatus();
  ASSIGN_OR_RETURN(UniqueFd listener, parts_.listen(vpc, kAddress, kPort));
  RETURN_IF_ERROR(server_.AddVpc(vpc, std::move(listener)));
  served_.insert(vpc);
  return absl::OkStatus();
}

}  // namespace brume::imds
