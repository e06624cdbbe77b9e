// What libvirt knows of the use that guests make of the host.
#pragma once

#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/compute/hypervisor.h"
#include "lib/compute/libvirt/virt.h"

namespace brume::compute {

// Asks by guest and not by virConnectGetAllDomainStats, whose groups ask QEMU three and more questions where one will
// do: a question costs more processor time than all the rest. Of memory, which is told every ten seconds anyway, a
// guest is asked once a minute, each at another time. Thread-safe.
class StatisticsReader {
 public:
  // Of guests that are not off; of `ids` only, where it names any. What libvirt cannot tell of a guest is none.
  // libvirt's test driver tells of nothing that is real: `simulated` guests are there, and that is all.
  absl::StatusOr<std::vector<GuestStatistics>> Read(virConnectPtr connection, const std::vector<InstanceId>& ids,
                                                    bool simulated);

 private:
  std::optional<GuestStatistics::Memory> ReadMemory(virDomainPtr domain, const InstanceId& id);

  std::mutex mutex_;
  absl::flat_hash_map<InstanceId, absl::Time> ask_memory_;  // when next
};

}  // namespace brume::compute
