// NAT gateways.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume {

enum class NatGatewayState { kPending = 0, kAvailable = 1, kFailed = 2, kDeleting = 3, kDeleted = 4 };
std::true_type IsPersisted(NatGatewayState);  // the database keeps its values
inline constexpr EnumNames kNatGatewayStateNames({std::pair{NatGatewayState::kPending, "pending"},
                                                  {NatGatewayState::kAvailable, "available"},
                                                  {NatGatewayState::kFailed, "failed"},
                                                  {NatGatewayState::kDeleting, "deleting"},
                                                  {NatGatewayState::kDeleted, "deleted"}});

// What it is called by is kept when its interface and its address have gone: a gateway is shown for a while.
struct NatGateway {
  NatGatewayId id;
  int64_t version = 0;
  VpcId vpc_id;
  SubnetId subnet_id;
  int number = 0;         // of this gateway among its VPC's, from 1: what the host knows it by
  bool is_public = true;  // it leads to the Internet, by an elastic address
  NatGatewayState state = NatGatewayState::kPending;
  EniId eni_id;  // empty = it failed before it had one
  Ipv4 private_ip;
  AllocationId allocation_id;
  std::optional<Ipv4> public_ip;
  std::string failure_code, failure_message;
  absl::Time created;
  absl::Time ended = absl::InfiniteFuture();  // deleted or failed
  std::string client_token, parameters_digest;

  // It leads packets on, or is about to.
  bool lives() const { return state == NatGatewayState::kPending || state == NatGatewayState::kAvailable; }
};

}  // namespace brume
