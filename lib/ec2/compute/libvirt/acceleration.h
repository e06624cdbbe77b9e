// Whether guests run under KVM or are emulated (TCG), found by trying.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/embed.h"

namespace brume::compute {

struct FoundAcceleration {
  Acceleration acceleration = Acceleration::kTcg;
  // Why it is not KVM; empty when it is.
  std::string note;
};

struct TrialOptions {
  std::string emulator = "/usr/bin/qemu-system-x86_64";
  absl::Duration deadline = absl::Seconds(3);
};

// Starts the trial guest under `acceleration`, which is not kSimulated, with the rights of `user`. OK when it did its
// work within the deadline; otherwise what went wrong, in words for the administrator. `scratch` is a directory to put
// its ROM in.
absl::Status TryAcceleration(Acceleration acceleration, const QemuUser& user, const std::string& scratch,
                             const TrialOptions& options = {});

// The outcome of the trial under KVM, made once per boot of the host and remembered in STATE_DIR/acceleration.
FoundAcceleration ChooseAcceleration(const QemuUser& user, const std::string& state_dir,
                                     const TrialOptions& options = {});

}  // namespace brume::compute
