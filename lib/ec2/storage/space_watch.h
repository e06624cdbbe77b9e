// Tells the administrator in time that the disk under the state directory fills up.
#pragma once

#include "lib/base/periodic.h"
#include "lib/ec2/storage/disks.h"

namespace brume::storage {

// The disks outlive it.
class SpaceWatch {
 public:
  explicit SpaceWatch(Disks& disks);

  // Looks every half a minute.
  void Start() { periodic_.Start(); }
  // Idempotent.
  void Stop() { periodic_.Stop(); }
  // Now, on the calling thread, which must not be another one while it is started. Logs when the disk became nearly
  // full or full, and when there is room again.
  void Check();

 private:
  enum class Fill { kRoom, kNearlyFull, kFull };

  Disks& disks_;
  Fill last_ = Fill::kRoom;
  Periodic periodic_;
};

}  // namespace brume::storage
