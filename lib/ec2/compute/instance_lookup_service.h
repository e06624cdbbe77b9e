// What other modules read of instances, each as a part of their own transaction.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/resource/ids.h"
#include "lib/store/database.h"

namespace brume::compute {

// The state of an instance, since when, and why it ended.
struct InstanceStateSince {
  InstanceState state = InstanceState::kPending;
  absl::Time since;
  std::string reason;
};

// What is measured of a guest, and since when it is on.
struct RunningInstance {
  InstanceId id;
  ImageId image_id;
  std::string instance_type;
  int64_t vcpus = 1;
  bool monitoring = false;
  absl::Time since;
};

// Of those whose rows are there.
absl::StatusOr<std::map<InstanceId, InstanceStateSince>> StatesOf(store::Connection& connection,
                                                                  absl::Span<const InstanceId> ids);
// In order of launch.
absl::StatusOr<std::vector<RunningInstance>> ListRunning(store::Connection& connection);
// Whether one that is not terminated was launched from the image.
absl::StatusOr<bool> HasInstancesOf(store::Connection& connection, const ImageId& image);

}  // namespace brume::compute
