#include "lib/ec2/compute/instance_lookup_service.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::compute {

absl::StatusOr<std::map<InstanceId, InstanceStateSince>> StatesOf(store::Connection& connection,
                                                                  absl::Span<const InstanceId> ids) {
  std::map<InstanceId, InstanceStateSince> states;
  RETURN_IF_ERROR(connection.Query(
      "SELECT instances.id, state, state_since, state_reason_message FROM json_each(?) AS wanted "
      "CROSS JOIN instances ON instances.id = wanted.value",
      [&](store::Row& row) {
        InstanceId id;
        InstanceStateSince state;
        row.Read(id, state.state, state.since, state.reason);
        states.emplace(std::move(id), std::move(state));
      },
      store::JsonArrayOfIds(ids)));
  return states;
}

absl::StatusOr<std::vector<RunningInstance>> ListRunning(store::Connection& connection) {
  return connection.All(
      "SELECT id, image_id, instance_type, vcpus, monitoring, state_since FROM instances WHERE state = ? ORDER BY seq",
      [](store::Row& row) {
        RunningInstance running;
        row.Read(running.id, running.image_id, running.instance_type, running.vcpus, running.monitoring, running.since);
        return running;
      },
      InstanceState::kRunning);
}

absl::StatusOr<bool> HasInstancesOf(store::Connection& connection, const ImageId& image) {
  // 48 = terminated, as literal so that the partial index serves.
  bool found = false;
  RETURN_IF_ERROR(connection.Query(
      "SELECT EXISTS (SELECT 1 FROM instances WHERE image_id = ? AND state <> 48)",
      [&](store::Row& row) { row.Read(found); }, image));
  return found;
}

}  // namespace brume::compute
