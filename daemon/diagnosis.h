// What `brume doctor` shows: what the daemon runs on, what of it works, and what it found that it does not know.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/config.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/module.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/network_reconciler.h"
#include "lib/ec2/storage/disks.h"
#include "lib/host/host_report.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct DoctorParts {
  const Config& config;
  store::Database& database;
  absl::Status database_pages;  // what the last check of them found
  compute::Hypervisor& hypervisor;
  const compute::ComputeModule& compute;
  network::Fabric& fabric;
  std::vector<network::Repair> network_repairs;
  storage::Disks& disks;
};

// Whether the database answers, and its pages held together at the last check.
host::HostCheck CheckDatabase(store::Database& database, const absl::Status& pages);

// Whether guests are as fast as they can be, or as slow as `configured` (compute.acceleration) wants them.
host::HostCheck CheckAcceleration(const compute::HypervisorInfo& info, compute::AccelerationWish configured);

// What was missing or changed on the host within the hour before `now` and was made again; nothing to say when nothing
// was.
std::optional<host::HostCheck> CheckRepairs(const std::vector<network::Repair>& repairs, absl::Time now);

// Checks the host now. A part that cannot be asked is a failed check, not an error.
host::HostReport Diagnose(const DoctorParts& parts);

}  // namespace brume::daemon
