// What is shown of the groups that rules of security groups name. Source of behaviour: EC2 API reference,
// UserIdGroupPair and ReferencedSecurityGroup.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/peering.h"
#include "lib/store/connection.h"

namespace brume::network {

// A group that a rule names.
struct ReferencedGroup {
  std::string name;
  std::optional<VpcId> peer;          // its VPC, where the rule's is another one
  std::optional<VpcPeering> peering;  // of the two: the active one, or else the latest that was deleted and is shown
};

// Inside a transaction of its user's.
class ReferencedGroups {
 public:
  // Reads those that are named by rules.
  static absl::StatusOr<ReferencedGroups> Read(store::Connection& connection, const std::set<SecurityGroupId>& ids);

  // One of these, as a rule of a group of `vpc` names it.
  absl::StatusOr<ReferencedGroup> Of(const SecurityGroupId& id, const VpcId& vpc);

 private:
  explicit ReferencedGroups(store::Connection& connection) : connection_(connection) {}

  store::Connection& connection_;
  std::map<SecurityGroupId, SecurityGroup> groups_;
  std::map<VpcId, std::vector<VpcPeering>> peerings_;  // of VPCs that were asked about
};

}  // namespace brume::network
