// Network cards of guests of libvirt's test driver: as its disks (simulated_guest_disks.h), they are only remembered.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/ec2/compute/hypervisor.h"

namespace brume::compute {

// By guest. Thread-safe.
class SimulatedGuestNics {
 public:
  void Begin(const std::string& guest, const std::vector<GuestNic>& nics) {
    MutexLock lock(mutex_);
    nics_[guest].clear();
    for (const GuestNic& nic : nics) nics_[guest].push_back({nic.mac, nic.attachment_id});
  }
  std::vector<ObservedNic> Of(const std::string& guest) {
    MutexLock lock(mutex_);
    return nics_[guest];
  }
  void Attach(const std::string& guest, const GuestNic& nic) {
    MutexLock lock(mutex_);
    std::vector<ObservedNic>& nics = nics_[guest];
    const bool has_it = std::any_of(nics.begin(), nics.end(),
                                    [&](const auto& each) { return each.attachment_id == nic.attachment_id; });
    if (!has_it) nics.push_back({nic.mac, nic.attachment_id});
  }
  void Detach(const std::string& guest, const ObservedNic& nic) {
    MutexLock lock(mutex_);
    std::erase_if(nics_[guest], [&](const ObservedNic& each) {
      return each.mac == nic.mac && each.attachment_id == nic.attachment_id;
    });
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::vector<ObservedNic>> nics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::compute
