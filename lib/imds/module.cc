#include "lib/imds/module.h"

#include <utility>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/network_service.h"
#include "lib/http/is_listening.h"
#include "lib/imds/role_credentials.h"

namespace brume::imds {
namespace {

constexpr Ipv4 kAddress{0xa9fea9fe};  // 169.254.169.254
constexpr uint16_t kPort = 80;

// fd00:ec2::254
Ipv6 Address() {
  Ipv6 address;
  address.bytes = {0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  return address;
}

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
  RETURN_IF_ERROR(ServeIpv4(vpc));
  return ServeIpv6(vpc);
}

absl::Status ImdsModule::ServeIpv4(const VpcId& vpc) {
  if (const auto found = served_.find(vpc); found != served_.end()) {
    if (http::IsListening(found->second.get())) return absl::OkStatus();
    served_.erase(found);
  }
  ASSIGN_OR_RETURN(UniqueFd listener, parts_.listen(vpc, kAddress, kPort));
  ASSIGN_OR_RETURN(UniqueFd handle, http::HandleOf(listener));
  RETURN_IF_ERROR(server_.AddVpc(vpc, std::move(listener)));
  served_.emplace(vpc, std::move(handle));
  return absl::OkStatus();
}

absl::Status ImdsModule::ServeIpv6(const VpcId& vpc) {
  if (parts_.listen_ipv6 == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ranges, parts_.database.ReadFor([&](store::Connection& connection) {
    return network::ListIpv6Ranges(connection, vpc);
  }));
  const auto found = served_ipv6_.find(vpc);
  const bool listens = found != served_ipv6_.end() && http::IsListening(found->second.get());
  if (listens == !ranges.empty()) return absl::OkStatus();
  if (found != served_ipv6_.end()) served_ipv6_.erase(found);
  if (ranges.empty()) {
    server_.RemoveVpcIpv6(vpc);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(UniqueFd listener, parts_.listen_ipv6(vpc, Address(), kPort));
  ASSIGN_OR_RETURN(UniqueFd handle, http::HandleOf(listener));
  RETURN_IF_ERROR(server_.AddVpcIpv6(vpc, std::move(listener)));
  served_ipv6_.emplace(vpc, std::move(handle));
  return absl::OkStatus();
}

void ImdsModule::Forget(const VpcId& vpc) {
  {
    MutexLock lock(mutex_);
    served_.erase(vpc);
    served_ipv6_.erase(vpc);
  }
  server_.RemoveVpcIpv6(vpc);
  server_.RemoveVpc(vpc);
}

bool ImdsModule::StillServes(const VpcId& vpc) {
  MutexLock lock(mutex_);
  const auto found = served_.find(vpc);
  const auto ipv6 = served_ipv6_.find(vpc);
  return (found == served_.end() || http::IsListening(found->second.get())) &&
         (ipv6 == served_ipv6_.end() || http::IsListening(ipv6->second.get()));
}

void ImdsModule::Stop() {
  {
    MutexLock lock(mutex_);
    served_.clear();
    served_ipv6_.clear();
  }
  server_.Stop();
}

}  // namespace brume::imds
