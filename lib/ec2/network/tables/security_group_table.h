// Rows of security groups and their rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::network {

// The rule by which a new group of a VPC with IPv6 lets everything out, beside the one for IPv4.
inline SecurityGroupRule EverywhereByIpv6(const SecurityGroupId& group, Random& random) {
  SecurityGroupRule rule;
  rule.id = SecurityGroupRuleId::New(random);
  rule.group_id = group;
  rule.egress = true;
  rule.cidr_ipv6 = CidrIpv6{};
  return rule;
}

class SecurityGroupTable {
 public:
  explicit SecurityGroupTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const SecurityGroup& group);  // InvalidGroup.Duplicate
  absl::StatusOr<SecurityGroup> Get(const SecurityGroupId& id);
  absl::StatusOr<std::optional<SecurityGroup>> FindByName(const VpcId& vpc, const std::string& name);
  // Whether a group of the VPC has this name; names that differ by case alone are the same to EC2.
  absl::StatusOr<bool> NameIsTaken(const VpcId& vpc, const std::string& name);
  absl::StatusOr<std::vector<SecurityGroup>> List(const std::optional<VpcId>& vpc);
  absl::StatusOr<int64_t> Count();
  // Those there are, in the order of `ids`.
  absl::StatusOr<std::vector<SecurityGroup>> GetMany(absl::Span<const SecurityGroupId> ids);
  // With its rules and tags. DependencyViolation while an interface is in it or another group's rule names it. OK when
  // there is none.
  absl::Status Delete(const SecurityGroupId& id);

  absl::Status InsertRule(const SecurityGroupRule& rule);  // InvalidPermission.Duplicate
  // Those of the ids, to all that the rules say but their groups and directions. In one step: two rules may exchange
  // their permissions. Error: InvalidPermission.Duplicate.
  absl::Status UpdateRules(absl::Span<const SecurityGroupRule> rules);
  absl::Status SetRuleDescription(const SecurityGroupRuleId& id, const std::string& description);
  absl::Status DeleteRule(const SecurityGroupRuleId& id);
  absl::StatusOr<std::vector<SecurityGroupRule>> ListRules(const SecurityGroupId& group);
  absl::StatusOr<SecurityGroupRule> GetRule(const SecurityGroupRuleId& id);  // InvalidSecurityGroupRuleId.NotFound
  // Private addresses of the interfaces that are in the group, ascending.
  absl::StatusOr<std::vector<Ipv4>> MemberAddresses(const SecurityGroupId& group);
  // Other VPCs' groups that rules of the VPC's groups name.
  absl::StatusOr<std::vector<SecurityGroup>> ListNamedOfOthers(const VpcId& vpc);
  // Other VPCs with rules that name groups of this one, and the groups.
  absl::StatusOr<std::vector<std::pair<VpcId, SecurityGroupId>>> ListNamers(const VpcId& vpc);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
