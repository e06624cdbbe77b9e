#include "lib/ec2/compute/attached_instances.h"

#include <vector>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_table.h"
#include "lib/ec2/compute/model/instance.h"

namespace brume::compute {
namespace {

absl::StatusOr<std::vector<InstanceId>> ListLive(store::Connection& connection) {
  std::vector<InstanceState> live;
  for (const InstanceState state : kAllInstanceStates) {
    if (HoldsCapacity(state)) live.push_back(state);
  }
  return InstanceTable(connection).ListIdsInState(live);
}

absl::Status ShowSourceDestCheck(store::Connection& connection, const InstanceId& id, bool check) {
  InstanceTable instances(connection);
  ASSIGN_OR_RETURN(Instance instance, instances.Get(id));
  instance.source_dest_check = check;
  return instances.Update(instance);
}

}  // namespace

network::AttachedInstances AnswersForNetwork() {
  return {.list_live = ListLive, .show_source_dest_check = ShowSourceDestCheck};
}

}  // namespace brume::compute
