// The serial consoles of instances. Source of behaviour: EC2 API reference, GetConsoleOutput.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/storage/disk_service.h"

namespace brume::compute {

struct ConsoleOutput {
  std::string text;
  absl::Time read;
};

// Thread-safe.
class ConsoleService {
 public:
  ConsoleService(InstanceService& instances, Hypervisor& hypervisor, storage::DiskService& disks, const Clock& clock);

  // The newest output, 64 KiB at most; empty while the guest was never made. Error: InvalidInstanceID.NotFound.
  absl::StatusOr<ConsoleOutput> Output(const InstanceId& id);
  // A connected stream socket. Errors: InvalidInstanceID.NotFound, NotFound while the guest is off.
  absl::StatusOr<UniqueFd> Open(const InstanceId& id);

 private:
  InstanceService& instances_;
  Hypervisor& hypervisor_;
  storage::DiskService& disks_;
  const Clock& clock_;
};

}  // namespace brume::compute
