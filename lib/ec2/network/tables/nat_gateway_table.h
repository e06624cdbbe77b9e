// Rows of NAT gateways. Inside transactions of its callers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/network/model/nat_gateway.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class NatGatewayTable {
 public:
  explicit NatGatewayTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const NatGateway& gateway);
  absl::StatusOr<NatGateway> Get(const NatGatewayId& id);            // NatGatewayNotFound
  absl::StatusOr<std::vector<NatGateway>> List();                    // oldest first
  absl::StatusOr<std::vector<NatGateway>> ListOf(const VpcId& vpc);  // oldest first
  absl::StatusOr<std::optional<NatGateway>> FindByToken(const std::string& client_token);
  // Its state, end and failure. Error: Aborted when it changed since `gateway` was read.
  absl::Status Update(NatGateway& gateway);
  // Those that ended before.
  absl::Status DeleteEnded(absl::Time before);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
