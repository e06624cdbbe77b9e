// Rules of security groups between EC2's two spellings: lists of permissions with many sources, and single rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/referenced_groups.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/resource/account.h"

namespace brume::ec2 {

// Finds a group of the default VPC by name, or says that there is none.
using FindGroup = absl::FunctionRef<absl::StatusOr<SecurityGroupId>(const std::string& name)>;
using Permissions = google::protobuf::RepeatedPtrField<v1::IpPermission>;

// One rule a source, in order; without ids and not yet normalised. Errors: InvalidParameterValue, MissingParameter,
// InvalidGroup.NotFound, InvalidPrefixListId.Malformed.
absl::StatusOr<std::vector<SecurityGroupRule>> ParsePermissions(const Permissions& permissions, bool egress,
                                                                const std::string& account_id, FindGroup find_group);

// The group's rules of one direction, those of one protocol and port range together, in order of those.
Permissions RenderPermissions(const network::SecurityGroupView& view, bool egress, const std::string& account_id);

// `referenced`: what is known of the group that the rule names.
v1::SecurityGroupRule RenderRule(const SecurityGroupRule& rule, const Account& account,
                                 const std::optional<network::ReferencedGroup>& referenced = std::nullopt);

}  // namespace brume::ec2
