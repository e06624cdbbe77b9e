// The way back from a directory of backups. Nothing of it is trusted: what its names, sizes, checksums or headers say
// is refused where a backup of ours says something else.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/backup_files.h"

namespace brume::storage {

struct BackupChoice {
  std::string directory;
  std::string id;        // empty = the newest
  std::string key_file;  // secret.key, where the backup has none; empty = none given
};

// Reads every file of the backup and compares it with its checksum; of all backups in the directory when the id is
// empty. The seals are compared where there is a key. DataLoss names the first file that is missing or changed.
// Returns the ids.
absl::StatusOr<std::vector<std::string>> VerifyBackups(const BackupChoice& choice, const OnBackupProgress& on_progress);

struct RestoreTarget {
  std::string path;  // an empty directory
  uid_t guests_uid = 0;
  gid_t guests_gid = 0;
  int newest_schema = 0;  // that this program knows
};

// Fills the directory with the backup's files, with the owners and modes they have in a state directory, each verified
// and on disk, and secret.key. Errors: FailedPrecondition when the key is missing or a newer program is needed;
// PermissionDenied when the key is another's; DataLoss as above; ResourceExhausted.
absl::StatusOr<BackupDescription> RestoreFiles(const BackupChoice& choice, const RestoreTarget& target,
                                               const OnBackupProgress& on_progress);

}  // namespace brume::storage
