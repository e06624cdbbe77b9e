// What rules and routes count as towards the quotas of groups and route tables: one about a prefix list as many as that
// may have entries, whether it has them or not. Inside transactions of the network's services.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/prefix_list.h"
#include "lib/ec2/network/model/routing.h"
#include "lib/store/connection.h"

namespace brume::network {

// Of one transaction.
class Weights {
 public:
  explicit Weights(store::Connection& connection) : connection_(connection) {}

  // As if the list were so.
  void Assume(const PrefixList& list) { lists_[list.id] = list; }

  struct OfRule {
    size_t ipv4 = 0, ipv6 = 0;
  };
  // A rule about a group is for both families. Error: InvalidPrefixListID.NotFound.
  absl::StatusOr<OfRule> Of(const SecurityGroupRule& rule);
  absl::StatusOr<size_t> Of(const VpcRoute& route);

 private:
  absl::StatusOr<PrefixList> Find(const PrefixListId& id);

  store::Connection& connection_;
  std::map<PrefixListId, PrefixList> lists_;
};

// Of all rules of the group. Inbound and outbound rules count apart, and so do those for IPv4 and for IPv6. Errors:
// RulesPerSecurityGroupLimitExceeded, InvalidPrefixListID.NotFound.
absl::Status CheckRuleQuota(const SecurityGroupId& group, const std::vector<SecurityGroupRule>& rules,
                            Weights& weights);
// Of all routes of a table that somebody made. Errors: RouteLimitExceeded, InvalidPrefixListID.NotFound.
absl::Status CheckRouteQuota(const std::vector<VpcRoute>& routes, Weights& weights);

}  // namespace brume::network
