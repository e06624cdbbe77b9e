// Rows of VPC endpoints, with their groups and interfaces. Inside transactions of its callers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/vpc_endpoint.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class VpcEndpointTable {
 public:
  explicit VpcEndpointTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const VpcEndpoint& endpoint);
  absl::StatusOr<VpcEndpoint> Get(const VpcEndpointId& id);           // InvalidVpcEndpointId.NotFound
  absl::StatusOr<std::vector<VpcEndpoint>> List();                    // oldest first
  absl::StatusOr<std::vector<VpcEndpoint>> ListOf(const VpcId& vpc);  // oldest first
  absl::StatusOr<std::optional<VpcEndpoint>> FindByToken(const std::string& client_token);
  // Its state, private DNS and policy. Error: Aborted when it is not as it is stored.
  absl::Status Update(VpcEndpoint& endpoint);
  // With its groups; its interfaces are gone already.
  absl::Status Delete(const VpcEndpointId& id);

  absl::StatusOr<std::vector<SecurityGroupId>> GroupsOf(const VpcEndpointId& id);  // in order of their ids
  absl::Status SetGroups(const VpcEndpointId& id, const std::vector<SecurityGroupId>& groups);
  // One that has the group.
  absl::StatusOr<std::optional<VpcEndpointId>> FindByGroup(const SecurityGroupId& group);

  absl::StatusOr<std::vector<VpcEndpointInterface>> InterfacesOf(const VpcEndpointId& id);  // in order of their subnets
  // Inserts it, or writes whether it is leaving.
  absl::Status PutInterface(const VpcEndpointInterface& interface);
  absl::Status DeleteInterface(const EniId& eni);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
