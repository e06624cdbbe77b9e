// Port: what a backup needs of the host's file system. Domain words only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/backup_manifest.h"

namespace brume::storage {

struct BackupTarget {
  std::string directory;  // absolute
  int keep = 0;           // how many backups stay in it; 0 = all
  bool with_key = false;  // secret.key is one of its files
};

struct BackupProgress {
  int64_t files = 0, total_bytes = 0;
  int64_t done_bytes = 0;    // of total_bytes
  int64_t copied_bytes = 0;  // that no earlier backup had
};
using OnBackupProgress = std::function<void(const BackupProgress& progress)>;

// One backup. Used by one thread at a time; its end takes away what it keeps on this host.
class BackupWriter {
 public:
  virtual ~BackupWriter() = default;

  // The path of a new, empty file of ours alone, for the copy of the database; in the place of an earlier one.
  virtual absl::StatusOr<std::string> NewDatabase() = 0;
  // Keeps the files of these layers, as they are now, until the end: whoever removes or replaces them meanwhile. Those
  // that are not there are left out; NotFound when that is one of `needed`, or a layer that a kept one lies over.
  virtual absl::Status Hold(const std::vector<std::string>& layers, const std::vector<std::string>& needed) = 0;
  // Copies all that the directory does not have, and the description last: the backup is there when this returns, and
  // not before. Cancelled when `goes_on` says no; ResourceExhausted when the directory's disk is full. Earlier backups
  // are as they were then.
  virtual absl::Status Copy(const BackupDescription& about, const std::function<bool()>& goes_on,
                            const OnBackupProgress& on_progress) = 0;
};

// Thread-safe.
class BackupFiles {
 public:
  virtual ~BackupFiles() = default;
  // Makes the directory when it is missing and its parent is there. Errors: FailedPrecondition when it has other
  // content, others may write to it, it is inside the state directory, or another backup is being made in it.
  virtual absl::StatusOr<std::unique_ptr<BackupWriter>> Begin(const BackupTarget& target) = 0;
};

}  // namespace brume::storage
