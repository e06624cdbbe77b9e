#include "daemon/host_settings.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "daemon/catalogue_file.h"
#include "daemon/host_checks.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/firmware.h"

namespace brume::daemon {
namespace {

void FillCapacity(Config& config) {
  Settings& settings = config.settings;
  if (config.simulate) {
    // What is not real takes no room.
    settings.host_memory_mib = int64_t{1} << 40;
    settings.host_cpus = 1 << 24;
    return;
  }
  struct sysinfo info = {};
  if (sysinfo(&info) == 0) {
    settings.host_memory_mib = static_cast<int64_t>(info.totalram) * info.mem_unit >> 20;
  }
  settings.host_cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

// 0 = no limit.
absl::StatusOr<int64_t> MaxVolumesGib(const Config& config, storage::Disks& disks) {
  if (config.max_storage_overcommit == 0) return 0;
  ASSIGN_OR_RETURN(const DiskSpace space, disks.Space());
  const double gib = config.max_storage_overcommit * static_cast<double>(space.total_bytes >> 30);
  return std::max<int64_t>(static_cast<int64_t>(gib), 1);
}

// What QEMU takes beside a guest's memory: an emulated guest's translated code lies there too.
int64_t GuestOverheadMib(compute::Hypervisor& hypervisor) {
  constexpr int64_t kKvmMib = 40, kEmulatedMib = 100;
  // Not Describe, which waits for libvirt: serving must not.
  switch (hypervisor.Acceleration()) {
    case compute::Acceleration::kSimulated:
      return 0;
    case compute::Acceleration::kKvm:
      return kKvmMib;
    case compute::Acceleration::kTcg:
      break;
  }
  return kEmulatedMib;
}

// Several queues are of use only where the kernel carries each: with KVM, by vhost-net.
int MaxNicQueues(compute::Hypervisor& hypervisor) {
  constexpr int kMaxQueues = 8;
  return hypervisor.Acceleration() == compute::Acceleration::kKvm && HasVhostNet() ? kMaxQueues : 1;
}

}  // namespace

absl::StatusOr<Config> WithHostSettings(const Config& config, const Adapters& adapters) {
  Config complete = config;
  ASSIGN_OR_RETURN(complete.catalogue, ReadCatalogue(config.catalogue_dir));
  FillCapacity(complete);
  ASSIGN_OR_RETURN(complete.settings.max_volumes_gib, MaxVolumesGib(config, *adapters.disks));
  complete.settings.bandwidth_by_type = config.bandwidth == "by-type";
  complete.settings.api_has_certificate = !config.ec2_tls_cert.empty();
  complete.settings.has_uefi = config.simulate || compute::FindFirmware().ok();
  complete.settings.max_nic_queues = MaxNicQueues(*adapters.hypervisor);
  if (complete.settings.guest_overhead_mib == 0) {
    complete.settings.guest_overhead_mib = GuestOverheadMib(*adapters.hypervisor);
  }
  return complete;
}

}  // namespace brume::daemon
