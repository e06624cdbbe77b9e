// The memory of a guest as a file, from which the guest goes on later: hibernation.
//
// QEMU writes and reads it itself: the state of the machine by its job snapshot-save, into a qcow2 that lies in a LUKS
// container, so that nothing of the memory is on the disk in the clear. (libvirt's own save file cannot be encrypted,
// and QEMU 7.2 ends with an assertion where it writes a machine's state into a qcow2 that is encrypted itself.) Beside
// it lies the domain's XML, since a machine's state is only for a machine whose devices have the same addresses.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// The files are in the instance's directory.
struct MemoryFiles {
  std::string directory;
  std::string key;  // of the container
};

// Pauses the guest and writes its memory; it stays paused. Where that fails the guest goes on and no file is left.
// ResourceExhausted where the disk has no room for `memory_mib`. Blocking, for as long as the disk takes.
absl::Status SaveMemory(virDomainPtr domain, const MemoryFiles& files, int64_t memory_mib, const QemuUser& user);
// Reads the memory of a paused guest that was made of SavedDomain's XML. The files stay.
absl::Status LoadMemory(virDomainPtr domain, const MemoryFiles& files);
// Gives the saved memory to the user that the guest is going to run as. NotFound where there is none.
absl::Status GiveMemory(const std::string& directory, uid_t uid, gid_t gid);
// OK where there are none.
absl::Status RemoveMemory(const std::string& directory);

// The domain of the guest whose memory was saved. NotFound without one.
absl::StatusOr<std::string> ReadSavedDomain(const std::string& directory);
// That domain, with the user and the files for its disks that `fresh` has, as it would be started now.
// FailedPrecondition where the two differ in more: the memory is for another machine. Pure.
absl::StatusOr<std::string> SavedDomain(absl::string_view saved, absl::string_view fresh);

}  // namespace brume::compute
