// The security groups that calls name: by id, or by name in the default VPC where the call allows it.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/gateway/parameters.h"

namespace brume::ec2 {

// The group a call is about. Errors: InvalidGroup.NotFound, MissingParameter, InvalidParameterCombination.
template <typename Request>
absl::StatusOr<SecurityGroupId> Target(const Request& request, network::SecurityGroupService& groups) {
  ASSIGN_OR_RETURN(const auto id, gateway::ParseOptionalId<SecurityGroupId>(request.group_id()));
  std::string name;
  if constexpr (requires { request.group_name(); }) name = request.group_name();
  ASSIGN_OR_RETURN(const SecurityGroup group, groups.Resolve(id, name));
  return group.id;
}

// Completes a request by the id of the group that it names, for policies.
inline auto WithGroupId(network::SecurityGroupService& groups) {
  return [&groups]<typename Request>(const Request& request) -> absl::StatusOr<std::optional<Request>> {
    if (request.group_name().empty() || !request.group_id().empty()) return std::nullopt;
    ASSIGN_OR_RETURN(const SecurityGroup group, groups.Resolve(std::nullopt, request.group_name()));
    Request named = request;
    named.set_group_id(group.id.text());
    named.clear_group_name();
    return named;
  };
}

// Finds the groups that rules name.
inline auto GroupByName(network::SecurityGroupService& groups) {
  return [&groups](const std::string& name) -> absl::StatusOr<SecurityGroupId> {
    ASSIGN_OR_RETURN(const SecurityGroup group, groups.Resolve(std::nullopt, name));
    return group.id;
  };
}

}  // namespace brume::ec2
