// The root of libvirt's embedded QEMU driver (qemu:///embed?root=DIR),
// https://libvirt.org/drvqemu.html#embedded-driver.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::compute {

// The user QEMU runs as.
struct QemuUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// FailedPrecondition when there is no such user, or it is root: guests never run as root.
absl::StatusOr<QemuUser> FindQemuUser(const std::string& name);

// Who a guest with a user of its own runs as. Its group has the same number; where only the group of /dev/kvm may open
// that, it is that group, which gives nothing else: what guests have is closed to groups.
QemuUser OwnUser(int64_t user_id);

// The root of an embedded driver's URI, percent-decoded; nullopt for the URI of any other driver.
std::optional<std::string> EmbeddedRoot(absl::string_view uri);

// Makes the root's directories, writes its etc/qemu.conf and ends what an earlier process left half done, before this
// process opens it for the first time; no other may have it open. Errors: InvalidArgument when the
// path is too long for libvirt's sockets; FailedPrecondition when QEMU could not reach it, or libvirt lacks its user.
absl::Status PrepareEmbeddedRoot(const std::string& root, const QemuUser& user);

// OK when a process of `user` may pass through every directory of `path`; otherwise FailedPrecondition naming the first
// that keeps it out.
absl::Status CheckReachable(const std::string& path, const QemuUser& user);

// The file with the pid of a guest's QEMU.
std::string EmbeddedPidFile(const std::string& root, const std::string& guest);

// Where the embedded driver keeps QEMU's own messages, as GUEST.log.
std::string EmbeddedLogDirectory(const std::string& root);

}  // namespace brume::compute
