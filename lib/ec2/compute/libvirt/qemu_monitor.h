// QEMU's monitor through libvirt, for what libvirt has no call for
// (https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html). Blocking; on the pool.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// One command: what it returns. Internal with QEMU's words when it refuses. A guest that has taken its QEMU over may
// answer anything.
absl::StatusOr<nlohmann::json> Execute(virDomainPtr domain, const std::string& command,
                                       nlohmann::json arguments = nlohmann::json::object());

// The text of that name; empty where `object` has none.
std::string TextIn(const nlohmann::json& object, const char* name);

// The disks of a guest as QEMU has them. libvirt calls the nodes of a disk libvirt-N-format and libvirt-N-storage, and
// shows N as the index of the disk's <source>.
struct QemuDisks {
  std::map<std::string, std::string> roots;  // by the device's alias, the node it reads and writes
  std::map<std::string, std::string> files;  // by node, of those that are files
};
absl::StatusOr<QemuDisks> QemuDisksOf(virDomainPtr domain);
// Of the answers to query-block and query-named-block-nodes; what is not as it should be in them is passed over. Pure.
QemuDisks QemuDisksIn(const nlohmann::json& devices, const nlohmann::json& nodes);

// A libvirt that ended between telling QEMU of a file and noting it has left the file open in QEMU, and cannot tell
// QEMU of it again: the file is locked and the names are taken. Closes the file at `path`, which is of no disk that
// libvirt knows, and takes away the device that has it: Unavailable when the guest does not let go of that within
// seconds.
absl::Status CloseOrphanedFile(virDomainPtr domain, const std::string& path);

}  // namespace brume::compute
