// The adapter of Disks: qcow2 files below the state directory.
//
//   layers/ami-…/     disk.qcow2, kernel, initrd (0444) and layer.json: immutable, readable by QEMU's user
//   volumes/vol-…/    disk.qcow2 (0600, of the user its guest runs as), an overlay over a layer, and volume.json
//   instances/i-…/    what the hypervisor keeps of a guest
//
// Only that user and root pass through the directories of a volume and of an instance (lib/base/pass_list.h).
//
// Each directory is made under the name ".ID.partial" and renamed when it is whole and on disk, and renamed to
// ".ID.deleting" before it is removed: what has its proper name is whole, whatever cut us off. Overlays name their
// layer by a relative path, so the state directory can be moved.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"

namespace brume::storage {

struct Qcow2Options {
  std::string state_dir = {};                 // absolute; is there
  std::vector<std::string> import_dirs = {};  // where images may come from; empty = STATE/import, which is made
  // As whom qemu-img runs; owns the disks of volumes that no guest has.
  uid_t qemu_uid = 0;
  gid_t qemu_gid = 0;
};

// Makes the directories that are missing. Needs qemu-img, prlimit and setpriv in PATH.
absl::StatusOr<std::unique_ptr<Disks>> OpenQcow2Disks(Qcow2Options options);

}  // namespace brume::storage
