// Keys of encrypted disks, known to libvirt as secrets for as long as it starts a guest with them or gives it a disk.
//
// The embedded driver of libvirt 9.0 asks of its user three things for secrets. It must be opened beside the one for
// guests. It calls a null pointer when a secret is ephemeral or removed, so they are neither: their values lie in
// files, in memory (a tmpfs), and are overwritten and removed when they were used. And a thread that has QEMU's driver
// look a secret up must have an identity and the connection to the driver of secrets, which only libvirt's private
// symbols give: of itself it finds the connection on the thread alone that has opened it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// What a disk's <encryption> names: a UUID made of the disk's serial number.
std::string SecretUuid(const std::string& serial);

struct GuestKey {
  std::string serial, key;
};

// Thread-safe.
class GuestKeys {
 public:
  // `embedded_root` empty: libvirtd keeps secrets.
  explicit GuestKeys(std::string embedded_root) : root_(std::move(embedded_root)) {}
  ~GuestKeys();

  // Calls `action`, which returns its outcome, while libvirt knows `keys`. On the thread of the call, which may take as
  // long as libvirt does. Unimplemented when keys cannot be kept in memory alone here.
  absl::Status With(virConnectPtr connection, const std::vector<GuestKey>& keys,
                    const std::function<absl::Status()>& action);

 private:
  absl::StatusOr<virConnectPtr> SecretsOf(virConnectPtr connection);
  absl::Status OpenEmbedded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Libvirt forgets the value.
  void Undefine(virSecretPtr secret, const std::string& uuid);

  const std::string root_;
  Mutex mutex_;
  ConnectHandle embedded_ ABSL_GUARDED_BY(mutex_);
  std::string directory_ ABSL_GUARDED_BY(mutex_);  // of the values, in memory
};

}  // namespace brume::compute
