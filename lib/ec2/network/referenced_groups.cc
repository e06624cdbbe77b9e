#include "lib/ec2/network/referenced_groups.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/peering_table.h"
#include "lib/ec2/network/tables/security_group_table.h"

namespace brume::network {

absl::StatusOr<ReferencedGroups> ReferencedGroups::Read(store::Connection& connection,
                                                        const std::set<SecurityGroupId>& ids) {
  ReferencedGroups read(connection);
  if (ids.empty()) return read;
  const std::vector<SecurityGroupId> wanted(ids.begin(), ids.end());
  ASSIGN_OR_RETURN(std::vector<SecurityGroup> rows, SecurityGroupTable(connection).GetMany(wanted));
  for (SecurityGroup& row : rows) read.groups_.emplace(row.id, std::move(row));
  return read;
}

absl::StatusOr<ReferencedGroup> ReferencedGroups::Of(const SecurityGroupId& id, const VpcId& vpc) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return id.NotFound();
  ReferencedGroup group{.name = found->second.name, .peer = {}, .peering = {}};
  if (found->second.vpc_id == vpc) return group;
  group.peer = found->second.vpc_id;
  const auto [known, is_new] = peerings_.try_emplace(vpc);
  if (is_new) {
    ASSIGN_OR_RETURN(known->second, PeeringTable(connection_).ListOf(vpc));
  }
  for (const VpcPeering& each : known->second) {
    const bool active = each.state == PeeringState::kActive;
    if (!each.has(*group.peer) || !(active || each.state == PeeringState::kDeleted)) continue;
    group.peering = each;
    if (active) break;
  }
  return group;
}

}  // namespace brume::network
