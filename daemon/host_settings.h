// What the settings say of this host, read once: the services see it as settings.
#pragma once

#include "absl/status/statusor.h"
#include "daemon/adapters.h"
#include "daemon/config.h"

namespace brume::daemon {

// The configuration with the host's capacity, its catalogue and what its hypervisor can do. Errors: of the catalogue's
// files, and of the disk.
absl::StatusOr<Config> WithHostSettings(const Config& config, const Adapters& adapters);

}  // namespace brume::daemon
