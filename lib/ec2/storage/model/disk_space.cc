#include "lib/ec2/storage/model/disk_space.h"

namespace brume {
namespace {

constexpr int kNearlyFullPercent = 85;
// Less than QEMU and SQLite ask for at once.
constexpr int64_t kFullBytes = int64_t{16} << 20;

}  // namespace

int PercentUsed(const DiskSpace& space) {
  // In KiB, so that no product is too large for its type.
  const int64_t total = space.total_bytes / 1024, used = total - space.free_bytes / 1024;
  return total <= 0 ? 100 : static_cast<int>(used * 100 / total);
}

bool IsNearlyFull(const DiskSpace& space) { return PercentUsed(space) >= kNearlyFullPercent; }

bool IsFull(const DiskSpace& space) { return space.free_bytes < kFullBytes; }

}  // namespace brume
