// What libvirt knows of the use that guests make of the host.
#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/mutex.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// Asks by guest and not by virConnectGetAllDomainStats, which asks QEMU more than is needed: a question costs more
// processor time than all the rest. Of its disks (two questions, as libvirt puts them) a guest is asked every
// `disk_period`, of its memory once a minute, each guest at another time. A QEMU
// that does not answer costs one sample of all guests, and is asked nothing until it has answered. Thread-safe.
class StatisticsReader {
 public:
  explicit StatisticsReader(absl::Duration disk_period) : disk_period_(disk_period) {}

  // Of guests that are not off; of `ids` only, where it names any. What libvirt cannot tell of a guest is unset.
  // libvirt's test driver tells of nothing that is real: `simulated` guests are there, and that is all.
  absl::StatusOr<std::vector<GuestStatistics>> Read(virConnectPtr connection, const std::vector<InstanceId>& ids,
                                                    bool simulated);

 private:
  // When a guest is asked next.
  struct Turns {
    absl::Time disk, memory;
  };
  // Of a guest that is asked now.
  struct Questions {
    bool disk = false, memory = false;
  };
  Questions QuestionsTo(const InstanceId& id, absl::Time now);

  const absl::Duration disk_period_;
  Mutex mutex_;
  absl::flat_hash_map<InstanceId, Turns> turns_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::compute
