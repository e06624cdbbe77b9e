// qemu-img over disks that guests wrote to: with bounds, and no more rights than a guest's QEMU has.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {

inline constexpr char kSecretId[] = "key";

struct QemuImgAccess {
  Owner user;  // as whom it runs; uid 0, or where we are not root: as we are
  // Files and directories it may open, and files it may write.
  std::vector<std::string> readable = {}, writable = {};
  absl::Duration timeout = absl::Minutes(2);
  std::function<bool()> goes_on = {};  // as CommandOptions'
  // Of encrypted disks, whose options name it kSecretId; empty = none. It goes through memory alone.
  std::string key = {};
  // Makes again what a call that failed took away with it, before it is tried once more; unset = it takes nothing.
  std::function<absl::Status()> renew = {};
};

// `arguments` without the program's name. What it ended with is the caller's to judge.
absl::StatusOr<CommandResult> CallQemuImg(const std::vector<std::string>& arguments, const QemuImgAccess& access);
// Errors: Unavailable while somebody has a disk open that must not be, ResourceExhausted (disk full), NotFound (a file
// is not there), Internal with its own words; Cancelled, DeadlineExceeded.
absl::Status RunQemuImg(const std::vector<std::string>& arguments, const QemuImgAccess& access);

}  // namespace brume::storage
