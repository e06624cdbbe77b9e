// Security groups. Source of behaviour: EC2 API reference, CreateSecurityGroup, DeleteSecurityGroup,
// DescribeSecurityGroups, Authorize- and RevokeSecurityGroupIngress and -Egress, DescribeSecurityGroupRules,
// ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptionsIngress and -Egress.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/referenced_groups.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct SecurityGroupView {
  SecurityGroup group;
  std::vector<SecurityGroupRule> rules;
  TagMap tags;
  std::map<SecurityGroupId, ReferencedGroup> referenced;  // the groups that the rules name
};

struct SecurityGroupRuleView {
  SecurityGroupRule rule;
  TagMap tags;
  std::optional<ReferencedGroup> referenced;  // where it names a group
};

// Thread-safe.
class SecurityGroupService {
 public:
  // `wake` is called with the group whose rules changed after the commit, and with its VPC.
  SecurityGroupService(store::Database& database, Random& random,
                       std::function<void(const VpcId&, const SecurityGroupId&)> wake);

  // No VPC = the default one. The new group lets everything out and nothing in.
  // Errors: InvalidGroup.Duplicate, InvalidVpcID.NotFound, InvalidParameterValue, SecurityGroupLimitExceeded.
  absl::StatusOr<SecurityGroupView> Create(absl::string_view name, absl::string_view description,
                                           const std::optional<VpcId>& vpc, const TagMap& tags);
  // Errors: DependencyViolation while an interface or another group's rule uses it, CannotDelete for a default group.
  absl::Status Delete(const SecurityGroupId& id);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidGroup.NotFound.
  absl::StatusOr<std::vector<SecurityGroupView>> List(absl::Span<const SecurityGroupId> ids = {},
                                                      const std::optional<tagging::TagQuery>& tags = {});
  // Where a group is made that names no VPC. Error: VPCIdNotSpecified.
  absl::StatusOr<VpcId> DefaultVpc();
  // By id, or by name in the default VPC. Errors: InvalidGroup.NotFound, MissingParameter.
  absl::StatusOr<SecurityGroup> Resolve(const std::optional<SecurityGroupId>& id, absl::string_view name);

  // All or nothing; `rules` lack ids and are normalised here. Returns them with ids; each gets `tags`.
  // Errors: InvalidPermission.Duplicate, InvalidParameterCombination, InvalidParameterValue, InvalidGroup.NotFound,
  // InvalidPrefixListID.NotFound, RulesPerSecurityGroupLimitExceeded.
  absl::StatusOr<std::vector<SecurityGroupRule>> Authorize(const SecurityGroupId& group,
                                                           std::vector<SecurityGroupRule> rules,
                                                           const TagMap& tags = {});
  // Rules that match SamePermission. Error: InvalidPermission.NotFound.
  absl::StatusOr<std::vector<SecurityGroupRule>> Revoke(const SecurityGroupId& group,
                                                        std::vector<SecurityGroupRule> rules);
  // By id, of one direction. Error: InvalidSecurityGroupRuleId.NotFound.
  absl::StatusOr<std::vector<SecurityGroupRule>> RevokeById(const SecurityGroupId& group, bool egress,
                                                            const std::vector<SecurityGroupRuleId>& ids);

  // As List. Error: InvalidSecurityGroupRuleId.NotFound.
  absl::StatusOr<std::vector<SecurityGroupRuleView>> ListRules(absl::Span<const SecurityGroupRuleId> ids = {},
                                                               const std::optional<tagging::TagQuery>& tags = {});
  // All or nothing: each of `rules` replaces the one that has its id, and takes that one's direction. A range stays a
  // range, a group a group, and a prefix list a prefix list. Errors: InvalidSecurityGroupRuleId.NotFound, and those of
  // Authorize.
  absl::Status ModifyRules(const SecurityGroupId& group, std::vector<SecurityGroupRule> rules);
  // All or nothing: gives the rules that match SamePermission new descriptions; an empty one takes it away.
  // Errors: InvalidPermission.NotFound, InvalidParameterValue.
  absl::Status UpdateDescriptions(const SecurityGroupId& group, std::vector<SecurityGroupRule> rules);
  // By id, of one direction. Errors: InvalidSecurityGroupRuleId.NotFound, InvalidParameterValue.
  absl::Status UpdateDescriptionsById(const SecurityGroupId& group, bool egress,
                                      const std::vector<std::pair<SecurityGroupRuleId, std::string>>& descriptions);

 private:
  store::Database& database_;
  Random& random_;
  const std::function<void(const VpcId&, const SecurityGroupId&)> wake_;
};

// Inside a transaction of the caller's.

absl::StatusOr<SecurityGroup> GetSecurityGroup(store::Connection& connection, const SecurityGroupId& id);
absl::StatusOr<std::optional<SecurityGroup>> FindSecurityGroup(store::Connection& connection, const VpcId& vpc,
                                                               const std::string& name);
// Those there are, in the order of `ids`.
absl::StatusOr<std::vector<SecurityGroup>> GetSecurityGroups(store::Connection& connection,
                                                             absl::Span<const SecurityGroupId> ids);

}  // namespace brume::network
