// What every implementation of the port Hypervisor promises, as cases that run against any of them.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "lib/ec2/compute/hypervisor.h"

namespace brume::compute {

// Collects events, and waits for some.
class EventLog {
 public:
  explicit EventLog(Hypervisor& hypervisor);

  // Whether there is such an event, Eventually.
  bool Await(const InstanceId& id, GuestEventKind kind);
  std::vector<GuestEvent> Of(const InstanceId& id);
  int reconnects();

 private:
  std::mutex mutex_;
  std::vector<GuestEvent> events_;
  int reconnects_ = 0;
};

// True as soon as `condition` is; false after a minute, as an emulated guest on a busy machine may take that.
bool Eventually(const std::function<bool()>& condition);

// Runs every case. `directory` is an empty one for the guests' files; they have no disks, so their firmware finds
// nothing to boot and idles. The hypervisor must not be watched yet.
void CheckHypervisorContract(Hypervisor& hypervisor, const std::string& directory);

// The disks of a guest that is on. `guest` has one disk, and `disk` is another, of a serial that it has not.
void CheckGuestDisksContract(Hypervisor& hypervisor, const GuestSpec& guest, const GuestDisk& disk);

// The network cards of a guest that is on and lets go of what it is asked for. The tap of `nic` is there.
void CheckGuestNicsContract(Hypervisor& hypervisor, const GuestSpec& guest, const GuestNic& nic);

// A guest without disks; its directory is made.
GuestSpec DisklessGuest(const std::string& directory, const std::string& id);

}  // namespace brume::compute
