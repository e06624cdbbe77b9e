// Disks of guests of libvirt's test driver, which attaches none to a guest that is on: they are only remembered, as
// long as these guests live, which end with the process.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "lib/base/mutex.h"
#include "lib/ec2/compute/hypervisor.h"

namespace brume::compute {

// By guest. Thread-safe.
class SimulatedGuestDisks {
 public:
  void Begin(const std::string& guest, std::vector<GuestDisk> disks) {
    MutexLock lock(mutex_);
    disks_[guest] = std::move(disks);
  }
  std::vector<ObservedDisk> Of(const std::string& guest) {
    MutexLock lock(mutex_);
    std::vector<ObservedDisk> observed;
    for (const GuestDisk& disk : disks_[guest]) observed.push_back({disk.serial, disk.path, disk.limits});
    return observed;
  }
  void Attach(const std::string& guest, const GuestDisk& disk) {
    MutexLock lock(mutex_);
    if (FindDisk(guest, disk.serial) == nullptr) disks_[guest].push_back(disk);
  }
  void Detach(const std::string& guest, const std::string& serial) {
    MutexLock lock(mutex_);
    std::erase_if(disks_[guest], [&](const GuestDisk& disk) { return disk.serial == serial; });
  }
  absl::Status Limit(const std::string& guest, const std::string& serial, const DiskLimits& limits) {
    MutexLock lock(mutex_);
    GuestDisk* const disk = FindDisk(guest, serial);
    if (disk == nullptr) return absl::NotFoundError("the guest has no such disk");
    disk->limits = limits;
    return absl::OkStatus();
  }
  // NotFound when there is none.
  absl::Status Find(const std::string& guest, const std::string& serial) {
    MutexLock lock(mutex_);
    return FindDisk(guest, serial) != nullptr ? absl::OkStatus() : absl::NotFoundError("the guest has no such disk");
  }

 private:
  GuestDisk* FindDisk(const std::string& guest, const std::string& serial) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<GuestDisk>& disks = disks_[guest];
    const auto found =
        std::find_if(disks.begin(), disks.end(), [&](const auto& each) { return each.serial == serial; });
    return found == disks.end() ? nullptr : &*found;
  }

  Mutex mutex_;
  std::map<std::string, std::vector<GuestDisk>> disks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::compute
