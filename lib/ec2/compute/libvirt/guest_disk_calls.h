// The disks of a domain that is on, through libvirt. Blocking; run them on the pool. A disk is known by its serial.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/domain_xml.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

absl::StatusOr<std::vector<ObservedDisk>> ObserveDisks(virDomainPtr domain);
// ResourceExhausted when there is no port for it.
absl::Status PlugDisk(virDomainPtr domain, const GuestDisk& disk, const DomainProfile& profile);
// Asks the guest, and waits some seconds for it.
absl::Status UnplugDisk(virDomainPtr domain, const std::string& serial);
// NotFound when there is no such disk.
absl::Status LimitDisk(virDomainPtr domain, const std::string& serial, const DiskLimits& limits);
absl::Status GrowDisk(virDomainPtr domain, const std::string& serial, int64_t size_bytes);

}  // namespace brume::compute
