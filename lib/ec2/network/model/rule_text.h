// A rule of a security group in EC2's words, and what is said of one that is there twice or not at all.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "lib/ec2/network/model/network.h"

namespace brume::network {

// "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW": all that tells one permission from another of its
// direction, in EC2's words.
std::string Describe(const SecurityGroupRule& rule);
// InvalidPermission.Duplicate and InvalidPermission.NotFound.
absl::Status RuleDuplicate(const SecurityGroupRule& rule);
absl::Status RuleNotFound(const SecurityGroupId& group, const SecurityGroupRule& rule);
absl::Status NoSuchRule(const SecurityGroupId& group, const SecurityGroupRuleId& id);

}  // namespace brume::network
