// How much room there is where disks lie, and what that means for those who write to them. Pure.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"

namespace brume {

struct DiskSpace {
  int64_t free_bytes = 0;  // for us
  int64_t total_bytes = 0;
};

// Of 100, rounded down. 100 where nothing is known of the disk.
int PercentUsed(const DiskSpace& space);
// It is time to make room: from 85 % on.
bool IsNearlyFull(const DiskSpace& space);
// Guests that write to what they have not written to before are paused until there is room.
bool IsFull(const DiskSpace& space);

namespace storage {

// The room there is now. Thread-safe.
using SpaceFunction = std::function<absl::StatusOr<DiskSpace>()>;

}  // namespace storage
}  // namespace brume
