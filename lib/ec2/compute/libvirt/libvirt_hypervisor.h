// The hypervisor port over libvirt: its embedded QEMU driver, a libvirtd, or its test driver.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/compute/hypervisor.h"

namespace brume::compute {

struct LibvirtOptions {
  // EmbeddedUri(state_dir), "qemu:///system" or "test:///default".
  std::string uri;
  std::string state_dir;
  // Whom guests run as; never root.
  std::string qemu_user = "brume-qemu";
  AccelerationWish acceleration = AccelerationWish::kAuto;
  // Of one guest's console, the older half in console.log.1.
  int64_t console_log_limit_bytes = 1 << 20;
  // How often a guest is asked for its disks' counters, most of what a sample costs; zero: in every sample.
  absl::Duration disk_statistics_period = absl::Seconds(60);
  // Of every call; the first start of a guest may need seconds, until libvirt has asked QEMU what it can do.
  absl::Duration call_deadline = absl::Seconds(30);
};

// "qemu:///embed?root=STATE_DIR/libvirt"
std::string EmbeddedUri(const std::string& state_dir);

// Never fails because libvirt is not there: it is tried on in the background, and calls say Unavailable and why until
// then. Waits for the first attempt. InvalidArgument for options that make no sense.
//
// Guests are transient domains named by their instance ids: nothing of them stays in libvirt when they end. They do not
// end with this object or this process: another one on the same URI finds them. The destructor waits until libvirt has
// found again all that ran at the start, because a process that exits earlier takes them with it; a process that is
// killed does not. With the embedded driver this process becomes a child subreaper (lib/base/subreaper.h), since the
// guests' QEMUs are its orphans.
absl::StatusOr<std::unique_ptr<Hypervisor>> NewLibvirtHypervisor(const LibvirtOptions& options);

}  // namespace brume::compute
