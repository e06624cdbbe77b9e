// What monitoring must know of each instance that runs.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/resource/ids.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

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
absl::StatusOr<std::vector<MonitoredGuest>> ListMonitoredGuests(store::Connection& connection);

}  // namespace brume::cloudwatch
