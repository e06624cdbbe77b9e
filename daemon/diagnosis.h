// What `brume doctor` shows: what the daemon runs on, what of it works, and what it found that it does not know.
#pragma once

#include "daemon/config.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/module.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/storage/disks.h"
#include "lib/host/host_report.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct DoctorParts {
  const Config& config;
  store::Database& database;
  compute::Hypervisor& hypervisor;
  const compute::ComputeModule& compute;
  network::Fabric& fabric;
  storage::Disks& disks;
};

// Looks at the host now. A part that cannot be asked is a failed check, not an error.
host::HostReport Diagnose(const DoctorParts& parts);

}  // namespace brume::daemon
