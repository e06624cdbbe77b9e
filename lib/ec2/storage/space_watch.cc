#include "lib/ec2/storage/space_watch.h"

#include "absl/time/time.h"
#include "lib/base/log.h"
#include "lib/ec2/storage/model/disk_space.h"

namespace brume::storage {

SpaceWatch::SpaceWatch(Disks& disks) : disks_(disks), periodic_(absl::Seconds(30), [this] { Check(); }) {}

void SpaceWatch::Check() {
  const absl::StatusOr<DiskSpace> space = disks_.Space();
  if (!space.ok()) {
    log::Warn("cannot ask how much room there is for disks: {}", space.status().message());
    return;
  }
  const Fill now = IsFull(*space) ? Fill::kFull : IsNearlyFull(*space) ? Fill::kNearlyFull : Fill::kRoom;
  if (now == last_) return;
  last_ = now;
  const int percent = PercentUsed(*space);
  const int64_t mib = space->free_bytes >> 20;
  switch (now) {
    case Fill::kFull:
      log::Warn(
          "the disk under the state directory is full, {} MiB are free: guests that write are paused until there "
          "is room",
          mib);
      break;
    case Fill::kNearlyFull:
      log::Warn(
          "the disk under the state directory is {} % full, {} MiB are free: guests that write are paused when it "
          "is full",
          percent, mib);
      break;
    case Fill::kRoom:
      log::Info("the disk under the state directory has room again: it is {} % full", percent);
      break;
  }
}

}  // namespace brume::storage
