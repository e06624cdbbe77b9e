// Rows of peering connections. Inside transactions of its callers.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/network/model/peering.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class PeeringTable {
 public:
  explicit PeeringTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const VpcPeering& peering);
  absl::StatusOr<VpcPeering> Get(const VpcPeeringConnectionId& id);  // InvalidVpcPeeringConnectionID.NotFound
  absl::StatusOr<std::vector<VpcPeering>> List();                    // oldest first
  absl::StatusOr<std::vector<VpcPeering>> ListOf(const VpcId& vpc);  // of both sides
  // Its state, end and options. Error: Aborted when it changed since `peering` was read.
  absl::Status Update(VpcPeering& peering);
  // Those that ended before.
  absl::Status DeleteEnded(absl::Time before);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
