// The network cards of a domain that is on, through libvirt. Blocking; run them on the pool.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

absl::StatusOr<std::vector<ObservedNic>> ObserveNics(virDomainPtr domain);
// ResourceExhausted when there is no port for it.
absl::Status PlugNic(virDomainPtr domain, const GuestNic& nic);
// Asks the guest, and waits some seconds for it.
absl::Status UnplugNic(virDomainPtr domain, const ObservedNic& nic);

}  // namespace brume::compute
