// VPC peering connections. Source of behaviour: EC2 API reference, CreateVpcPeeringConnection and its kin; Amazon VPC
// peering guide (life cycle, overlapping ranges, no transit).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/peering.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct VpcPeeringView {
  VpcPeering peering;
  std::vector<Cidr> requester_ranges, accepter_ranges;  // of an active one
  TagMap tags;
};

// What is absent stays.
struct PeeringOptionsChange {
  std::optional<bool> requester_dns, accepter_dns;
};

// Thread-safe.
class PeeringService {
 public:
  // `wake` is called with each VPC after a commit that the fabric must follow.
  PeeringService(store::Database& database, Random& random, const Clock& clock, std::function<void(const VpcId&)> wake);

  // One whose VPCs' ranges overlap is made and has failed. Errors: InvalidVpcID.NotFound,
  // VpcPeeringConnectionAlreadyExists, OutstandingVpcPeeringConnectionLimitExceeded.
  absl::StatusOr<VpcPeeringView> Create(const VpcId& requester, const VpcId& accepter, const TagMap& tags);
  // Errors: InvalidVpcPeeringConnectionID.NotFound; InvalidStateTransition unless it is pending;
  // ActiveVpcPeeringConnectionPerVpcLimitExceeded.
  absl::StatusOr<VpcPeeringView> Accept(const VpcPeeringConnectionId& id);
  // Errors: as above.
  absl::Status Reject(const VpcPeeringConnectionId& id);
  // Of a pending or an active one. Errors: InvalidVpcPeeringConnectionID.NotFound, InvalidStateTransition.
  absl::Status Delete(const VpcPeeringConnectionId& id);
  // What is kept of the options is shown. Errors: InvalidVpcPeeringConnectionID.NotFound; OperationNotPermitted unless
  // it is active.
  absl::StatusOr<VpcPeering> ModifyOptions(const VpcPeeringConnectionId& id, const PeeringOptionsChange& change);
  // Those of `ids`, or else those that have a tag of `tags`, or all; one that has ended, for some hours. Error:
  // InvalidVpcPeeringConnectionID.NotFound.
  absl::StatusOr<std::vector<VpcPeeringView>> List(absl::Span<const VpcPeeringConnectionId> ids,
                                                   const std::optional<tagging::TagQuery>& tags = {});

 private:
  absl::StatusOr<VpcPeering> End(const VpcPeeringConnectionId& id, PeeringState as, bool of_active);
  void Wake(const VpcPeering& peering);

  store::Database& database_;
  Random& random_;
  const Clock& clock_;
  const std::function<void(const VpcId&)> wake_;
};

// Inside a transaction of the caller's.

// As it is now: one that nobody accepted in time has expired. Error: InvalidVpcPeeringConnectionID.NotFound, also for
// one that ended too long ago to be shown.
absl::StatusOr<VpcPeering> GetPeering(store::Connection& connection, const VpcPeeringConnectionId& id, absl::Time now);
// The active connections of a VPC.
absl::StatusOr<std::vector<VpcPeering>> ActivePeerings(store::Connection& connection, const VpcId& vpc);
// Ends the connections of a VPC that goes; the other VPCs of those that were active.
absl::StatusOr<std::vector<VpcId>> EndPeerings(store::Connection& connection, const VpcId& vpc, absl::Time now);

}  // namespace brume::network
