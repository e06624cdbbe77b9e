// What libvirt knows of the use that guests make of the host, of many in one call.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "lib/compute/hypervisor.h"
#include "lib/compute/libvirt/virt.h"

namespace brume::compute {

// Of guests that are not off; of `ids` only, where it names any. A guest that libvirt is busy with is left out, and one
// of which it can tell some things only has those. libvirt's test driver tells nothing but that guests are there.
absl::StatusOr<std::vector<GuestStatistics>> ReadStatistics(virConnectPtr connection,
                                                            const std::vector<InstanceId>& ids);

}  // namespace brume::compute
