// The adapter of BackupFiles. What a backup keeps on this host is in STATE/backup: the copy of the database, and second
// names of the layers' files, so that whatever goes or is replaced meanwhile stays until it is copied.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/backup_files.h"

namespace brume::storage {

// `state_dir`: absolute; is there. Removes what a backup that was cut off kept.
absl::StatusOr<std::unique_ptr<BackupFiles>> OpenHostBackupFiles(const std::string& state_dir);

}  // namespace brume::storage
