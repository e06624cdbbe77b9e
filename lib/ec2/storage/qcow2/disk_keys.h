// Passphrases of encrypted disks: derived of the host's key, the file that secrets of the database are sealed with, and
// the random id of the disk's line of volumes and snapshots. LUKS wraps the random key of each file with them.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace brume::storage {

// Thread-safe.
class DiskKeys {
 public:
  // `path` is read when the first key is asked for: brumed makes it at its first start.
  explicit DiskKeys(std::string path) : path_(std::move(path)) {}

  // 64 hexadecimal digits. FailedPrecondition when the host's key is missing or not private.
  absl::StatusOr<std::string> KeyOf(const std::string& data_key_id) const;

 private:
  std::string path_;
};

}  // namespace brume::storage
