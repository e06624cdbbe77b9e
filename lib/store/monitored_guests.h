// What monitoring must know of each instance that runs, in one cheap query.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/domain/ids.h"
#include "lib/domain/instance.h"
#include "lib/store/database.h"

namespace brume::store {

struct MonitoredGuest {
  InstanceId id;
  ImageId image_id;
  std::string instance_type;
  int64_t vcpus = 1;
  bool detailed = false;
  absl::Time running_since;
  std::string group;  // of Auto Scaling; empty = none
  struct Port {
    EniId eni;
    VpcId vpc;
  };
  std::vector<Port> ports;
};

// Instances that are running, in order of launch.
absl::StatusOr<std::vector<MonitoredGuest>> ListMonitoredGuests(Connection& connection);

}  // namespace brume::store
