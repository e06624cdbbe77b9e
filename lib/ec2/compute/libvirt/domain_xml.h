// A guest as libvirt's domain XML (https://libvirt.org/formatdomain.html). Reads nothing but its arguments.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/storage/model/device_name.h"

namespace brume::compute {

// What the host decides about every guest.
struct DomainProfile {
  Acceleration acceleration = Acceleration::kTcg;
  // Whom QEMU runs as.
  uid_t uid = 0;
  gid_t gid = 0;
  // The disks' file system knows O_DIRECT.
  bool direct_io = false;
  // The UEFI firmware's code; used where NeedsFirmware.
  std::string firmware_code;
  // PCIe ports for disks, those that are there at the start included: so many volumes can be attached to a running
  // guest.
  int disk_ports = kMaxVolumesWhileRunning;
  // PCIe ports kept free for other devices.
  int spare_ports = 1;
};

// Whether the guest boots by UEFI. One with a kernel of its own needs no firmware to find it.
bool NeedsFirmware(const GuestSpec& spec);

// Errors: InvalidArgument for text XML cannot carry, and for a directory whose sockets' paths would be too long.
absl::StatusOr<std::string> DomainXml(const GuestSpec& spec, const DomainProfile& profile);

// One disk by itself, as libvirt attaches it. `target` is libvirt's own name of it. Errors as of DomainXml.
absl::StatusOr<std::string> DiskXml(const GuestDisk& disk, const std::string& target, const DomainProfile& profile);

// A disk of a live domain.
struct DomainDisk {
  ObservedDisk observed;
  std::string target;  // "vdb"
  std::string xml;     // of it alone
};
// Those of a live domain's XML, in its order.
std::vector<DomainDisk> DisksOfDomain(absl::string_view domain_xml);
// The first name for one more disk that none of `disks` has.
std::string FreeTarget(const std::vector<DomainDisk>& disks);

// One network card by itself, as libvirt attaches it. Errors as of DomainXml.
absl::StatusOr<std::string> NicXml(const GuestNic& nic);
// A network card of a live domain.
struct DomainNic {
  ObservedNic observed;
  std::string xml;  // of it alone
};
// Those of a live domain's XML, in its order.
std::vector<DomainNic> NicsOfDomain(absl::string_view domain_xml);

// The directory in which a live domain's XML has its console; empty when it has none.
std::string ConsoleDirectory(absl::string_view domain_xml);

// What QEMU holds of translated code for each emulated guest, at most.
inline constexpr int kTranslationCacheMib = 64;

// The channel at which qemu-guest-agent listens.
inline constexpr char kAgentChannel[] = "org.qemu.guest_agent.0";

// Names of files in the instance's directory.
inline constexpr char kConsoleSocket[] = "console.sock";
inline constexpr char kAgentSocket[] = "agent.sock";
inline constexpr char kConsoleLog[] = "console.log";
inline constexpr char kFirmwareVariables[] = "nvram.fd";

}  // namespace brume::compute
