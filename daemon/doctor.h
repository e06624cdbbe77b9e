// What `brume doctor` shows: what the daemon runs on, what of it works, and what it found that it does not know.
#pragma once

#include "daemon/config.h"
#include "lib/api/host_report.h"
#include "lib/compute/hypervisor.h"
#include "lib/compute/instance_reconciler.h"
#include "lib/network/fabric.h"
#include "lib/storage/disks.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct DoctorParts {
  const Config& config;
  store::Database& database;
  compute::Hypervisor& hypervisor;
  compute::InstanceReconciler& instances;
  network::Fabric& fabric;
  storage::Disks& disks;
};

// Looks at the host now. A part that cannot be asked is a failed check, not an error.
api::HostReport Diagnose(const DoctorParts& parts);

}  // namespace brume::daemon
