#include "lib/imds/module.h"

#include <fcntl.h>

#include <cerrno>
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
  if (const auto found = served_.find(vpc); found != served_.end()) {
    if (IsListening(found->second.get())) return absl::OkStatus();
    served_.erase(found);
  }
  ASSIGN_OR_RETURN(UniqueFd listener, parts_.listen(vpc, kAddress, kPort));
  UniqueFd handle(fcntl(listener.get(), F_DUPFD_CLOEXEC, listener.get()));
  if (!handle) return absl::ErrnoToStatus(errno, "cannot keep a descriptor of a metadata listener");
  RETURN_IF_ERROR(server_.AddVpc(vpc, std::move(listener)));
  served_.emplace(vpc, std::move(handle));
  return absl::OkStatus();
}

void ImdsModule::Forget(const VpcId& vpc) {
  {
    MutexLock lock(mutex_);
    served_.erase(vpc);
  }
  server_.RemoveVpc(vpc);
}

bool ImdsModule::StillServes(const VpcId& vpc) {
  MutexLock lock(mutex_);
  const auto found = served_.find(vpc);
  return found == served_.end() || IsListening(found->second.get());
}

void ImdsModule::Stop() {
  {
    MutexLock lock(mutex_);
    served_.clear();
  }
  server_.Stop();
}

}  // namespace brume::imds
