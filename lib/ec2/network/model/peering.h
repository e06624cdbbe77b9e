// Peering connections between two VPCs.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume {

enum class PeeringState { kPending = 0, kActive = 1, kRejected = 2, kDeleted = 3, kFailed = 4, kExpired = 5 };
std::true_type IsPersisted(PeeringState);  // the database keeps its values
inline constexpr EnumNames kPeeringStateNames({std::pair{PeeringState::kPending, "pending-acceptance"},
                                               {PeeringState::kActive, "active"},
                                               {PeeringState::kRejected, "rejected"},
                                               {PeeringState::kDeleted, "deleted"},
                                               {PeeringState::kFailed, "failed"},
                                               {PeeringState::kExpired, "expired"}});

// One of the two VPCs.
struct PeeringSide {
  VpcId vpc_id;
  Cidr cidr;         // the VPC's first range; it is shown after the VPC has gone
  bool dns = false;  // its instances' public names lead the other's instances to their private addresses
};

struct VpcPeering {
  VpcPeeringConnectionId id;
  int64_t version = 0;
  PeeringSide requester, accepter;
  PeeringState state = PeeringState::kPending;
  absl::Time expires = absl::InfiniteFuture();  // unless it is accepted before
  absl::Time ended = absl::InfiniteFuture();    // it is neither pending nor active since

  bool lives() const { return state == PeeringState::kPending || state == PeeringState::kActive; }
  bool has(const VpcId& vpc) const { return requester.vpc_id == vpc || accepter.vpc_id == vpc; }
  const PeeringSide& OtherThan(const VpcId& vpc) const { return requester.vpc_id == vpc ? accepter : requester; }
};

}  // namespace brume
