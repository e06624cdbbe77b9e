// What `brume doctor` shows: what the daemon runs on, what of it works, and what it found that it does not know.
#pragma once

#include <string>
#include <vector>

#include "daemon/config.h"
#include "lib/compute/hypervisor.h"
#include "lib/compute/instance_reconciler.h"
#include "lib/network/fabric.h"
#include "lib/storage/disks.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct Finding {
  std::string name;
  bool ok = true;
  std::string detail;
  std::string fix;  // empty when there is nothing to do
};

struct Diagnosis {
  compute::HypervisorInfo hypervisor;
  std::vector<Finding> checks;
  // On the host under our names, without a row. Nothing of it is ever deleted by the daemon.
  std::vector<Finding> orphans;
};

struct DoctorParts {
  const Config& config;
  store::Database& database;
  compute::Hypervisor& hypervisor;
  compute::InstanceReconciler& instances;
  network::Fabric& fabric;
  storage::Disks& disks;
};

// Looks at the host now. A part that cannot be asked is a failed check, not an error.
Diagnosis Diagnose(const DoctorParts& parts);

}  // namespace brume::daemon
