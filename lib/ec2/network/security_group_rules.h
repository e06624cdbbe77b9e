// What makes a rule one that a security group may have. Shared by the calls that add, change and take away rules.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/rule_text.h"
#include "lib/store/connection.h"

namespace brume::network {

// Up to 255 of the characters EC2 takes in names and descriptions of groups and rules; may be empty.
bool IsAllowedText(absl::string_view text);

// Whether one of `rules` has the permission of `wanted`.
bool Holds(const std::vector<SecurityGroupRule>& rules, const SecurityGroupRule& wanted);

// Gives rules to a group, as a caller asks for them: normalises them and refuses what no group could have.
// Errors: MissingParameter for none, InvalidParameterValue, InvalidParameterCombination.
absl::Status Prepare(const SecurityGroupId& group, std::vector<SecurityGroupRule>& rules);

// Errors: InvalidGroup.NotFound for a rule that names a group of another VPC that is no peer, or none that exists;
// InvalidPrefixListID.NotFound.
absl::Status CheckReference(store::Connection& connection, const SecurityGroup& group, const SecurityGroupRule& rule);

// Gives each rule that is to be the direction of the one in `present` that it replaces, which is to have a peer of the
// same kind. Errors: InvalidSecurityGroupRuleId.NotFound, InvalidParameterValue.
absl::Status MatchPresent(const SecurityGroupId& group, const std::vector<SecurityGroupRule>& present,
                          std::vector<SecurityGroupRule>& rules);

// Error: InvalidPermission.Duplicate for what a rule of `present` that stays as it is has already.
absl::Status CheckDuplicates(std::vector<SecurityGroupRule> present, const std::vector<SecurityGroupRule>& rules);

}  // namespace brume::network
