// A running guest's disks go over to other files, all at one instant (https://libvirt.org/formatsnapshot.html).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/libvirt/guest_freeze.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// The <domainsnapshot> that makes the disks of a live domain write to the files of `switches`; empty when all do so
// already. NotFound when the domain has no disk of a serial. Pure.
absl::StatusOr<std::string> SnapshotXml(absl::string_view domain_xml, const std::vector<DiskSwitch>& switches);

// Blocking; on the pool. What of it was done already is left as it is, by QEMU without libvirt's knowledge too.
// Unavailable when a disk writes to another file than libvirt knows. File systems of a guest with an agent are frozen
// meanwhile.
absl::Status SwitchDisksOf(virDomainPtr domain, const std::vector<DiskSwitch>& switches, GuestFreezes& freezes);

}  // namespace brume::compute
