// No backups: for `brumed --simulate`, which has no disks.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "lib/ec2/storage/backup_files.h"

namespace brume::storage {

class SimulatedBackupFiles final : public BackupFiles {
 public:
  absl::StatusOr<std::unique_ptr<BackupWriter>> Begin(const BackupTarget&) override {
    return absl::FailedPreconditionError("brumed simulates: there are no disks to back up");
  }
};

}  // namespace brume::storage
