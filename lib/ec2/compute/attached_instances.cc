#include "lib/ec2/compute/attached_instances.h"

#include <vector>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/tables/instance_table.h"

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

absl::StatusOr<int> MaxAddresses(store::Connection& connection, const InstanceId& id) {
  ASSIGN_OR_RETURN(const Instance instance, InstanceTable(connection).Get(id));
  return InterfaceLimitsOf(instance.instance_type).addresses;
}

}  // namespace

network::AttachedInstances AnswersForNetwork(const InstanceTypeTable* types, const Settings* settings) {
  network::AttachedInstances answers = {
      .list_live = ListLive, .show_source_dest_check = ShowSourceDestCheck, .max_addresses = MaxAddresses};
  if (types == nullptr || settings == nullptr) return answers;
  answers.shape_of = [types, settings](store::Connection& connection,
                                       const InstanceId& id) -> absl::StatusOr<network::PortShape> {
    ASSIGN_OR_RETURN(const Instance instance, InstanceTable(connection).Get(id));
    const InstanceType* const type = types->Find(instance.instance_type);
    network::PortShape shape;
    // One that the configuration no longer has keeps running.
    if (type == nullptr) return shape;
    if (settings->bandwidth_by_type) shape.bandwidth_mbit = BandwidthMbit(*type);
    shape.queues = NicQueues(*type, settings->max_nic_queues);
    return shape;
  };
  return answers;
}

}  // namespace brume::compute
