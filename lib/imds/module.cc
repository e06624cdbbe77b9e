#include "lib/imds/module.h"

#include <utility>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/model/link_services.h"
#include "lib/ec2/network/network_service.h"
#include "lib/http/is_listening.h"
#include "lib/imds/role_credentials.h"

namespace brume::imds {
namespace {

constexpr uint16_t kPort = 80;

RoleCredentialsSource CredentialsOf(const ImdsParts& parts) {
  return [session_of = parts.session_of](const SessionInstance& instance,
                                         const Identity& role) -> absl::StatusOr<std::optional<RoleCredentials>> {
    ASSIGN_OR_RETURN(const std::optional<iam::InstanceSession> session, session_of(instance, role));
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
  RETURN_IF_ERROR(ServeIpv4(vpc));
  return ServeIpv6(vpc);
}

bool ImdsModule::IsOpen(const Key& key) {
  MutexLock lock(mutex_);
  const auto found = served_.find(key);
  return found != served_.end() && http::IsListening(found->second.get());
}

absl::Status ImdsModule::ServeIpv4(const VpcId& vpc) {
  const Key key(vpc, Family::kIpv4);
  if (IsOpen(key)) return absl::OkStatus();
  ASSIGN_OR_RETURN(UniqueFd listener, parts_.listen(vpc, network::kMetadataAddress, kPort));
  ASSIGN_OR_RETURN(UniqueFd handle, http::HandleOf(listener));
  RETURN_IF_ERROR(server_.AddVpc(vpc, std::move(listener)));
  MutexLock lock(mutex_);
  served_.insert_or_assign(key, std::move(handle));
  return absl::OkStatus();
}

absl::Status ImdsModule::ServeIpv6(const VpcId& vpc) {
  if (parts_.listen_ipv6 == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ranges, parts_.database.ReadFor([&](store::Connection& connection) {
    return network::ListIpv6Ranges(connection, vpc);
  }));
  const Key key(vpc, Family::kIpv6);
  if (ranges.empty()) {
    {
      MutexLock lock(mutex_);
      served_.erase(key);
    }
    server_.RemoveVpcIpv6(vpc);
    return absl::OkStatus();
  }
  if (IsOpen(key)) return absl::OkStatus();
  ASSIGN_OR_RETURN(UniqueFd listener, parts_.listen_ipv6(vpc, network::kMetadataIpv6, kPort));
  ASSIGN_OR_RETURN(UniqueFd handle, http::HandleOf(listener));
  RETURN_IF_ERROR(server_.AddVpcIpv6(vpc, std::move(listener)));
  MutexLock lock(mutex_);
  served_.insert_or_assign(key, std::move(handle));
  return absl::OkStatus();
}

void ImdsModule::StopServing(const VpcId& vpc) {
  {
    MutexLock lock(mutex_);
    served_.erase({vpc, Family::kIpv4});
    served_.erase({vpc, Family::kIpv6});
  }
  server_.RemoveVpcIpv6(vpc);
  server_.RemoveVpc(vpc);
}

bool ImdsModule::StillServes(const VpcId& vpc) {
  MutexLock lock(mutex_);
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const auto found = served_.find({vpc, family});
    if (found != served_.end() && !http::IsListening(found->second.get())) return false;
  }
  return true;
}

void ImdsModule::Stop() {
  {
    MutexLock lock(mutex_);
    served_.clear();
  }
  server_.Stop();
}

}  // namespace brume::imds
