// What storage asks about an instance whose disks are snapshotted together.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/resource/ids.h"

namespace brume::storage {

struct Machine {
  InstanceId id;
  ImageId image_id;
  std::string root_device;
  bool runs = false;
};

// InvalidInstanceID.NotFound; IncorrectInstanceState of one that neither runs nor is stopped. Thread-safe.
using FindMachine = std::function<absl::StatusOr<Machine>(const InstanceId& id)>;

}  // namespace brume::storage
