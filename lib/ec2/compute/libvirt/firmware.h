// UEFI firmware of the host's distribution, and each guest's own variables.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/libvirt/embed.h"

namespace brume::compute {

struct Firmware {
  std::string code;       // shared, read-only
  std::string variables;  // what a new guest's variables are a copy of
};

// Without Secure Boot. FailedPrecondition when none is installed.
absl::StatusOr<Firmware> FindFirmware();

// Makes `path` a copy of the firmware's variables that belongs to `user`, unless it exists. libvirt would make it for
// the user of its own configuration, whom a libvirtd need not run our guests as.
absl::Status EnsureVariables(const Firmware& firmware, const std::string& path, const QemuUser& user);

}  // namespace brume::compute
