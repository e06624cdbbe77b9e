// What guests use of this host.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"

namespace brume::compute {

// What a guest has used since its start; the counters only grow. What cannot be told is unset, and so may be, in some
// of the samples, what costs much to ask for: disks and memory.
struct GuestStatistics {
  struct Disk {
    int64_t read_bytes = 0, write_bytes = 0;
    int64_t read_operations = 0, write_operations = 0;
  };
  // As its kernel tells the balloon; a guest without a driver for it tells nothing.
  struct Memory {
    int64_t total_bytes = 0;
    int64_t usable_bytes = 0;  // for programs, without the guest having to swap
  };

  InstanceId id = {};
  std::optional<absl::Duration> cpu_time = {};  // of all its vCPUs and of QEMU's own work for it
  std::optional<Disk> disk = {};                // of all its disks together
  std::optional<Memory> memory = {};
};

// Changes nothing. Thread-safe and blocking; Unavailable while the hypervisor cannot be reached.
class GuestMeter {
 public:
  virtual ~GuestMeter() = default;

  // Of guests that are on or paused; of `ids` only, where it names any. All in one go, and cheap.
  virtual absl::StatusOr<std::vector<GuestStatistics>> Sample(const std::vector<InstanceId>& ids) = 0;
};

}  // namespace brume::compute
