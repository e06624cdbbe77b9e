// The way back from a backup, in the place of the daemon: into a state directory that has no state.
//
// All is built in STATE/restore, verified, and then renamed to where it belongs. A cut before the file `ready` is there
// leaves nothing but that directory, which the next restore begins with removing; one after it is made up for by
// whoever comes next, the daemon too.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "daemon/config.h"
#include "lib/ec2/storage/qcow2/backup_restore.h"
#include "lib/store/migrations.h"

namespace brume::daemon {

// Errors: FailedPrecondition when there is state already, with what to do; those of storage::RestoreFiles. Says on
// standard output what came back.
absl::Status Restore(const Config& config, const storage::BackupChoice& choice,
                     absl::Span<const store::Conversion> conversions);

// Compares backups with their checksums, and says so on standard output.
absl::Status VerifyBackup(const storage::BackupChoice& choice);

// To be called by who holds the state directory, before it is used: finishes a restore that was cut off when all of it
// was there. FailedPrecondition when not.
absl::Status FinishRestore(const std::string& state_dir);

}  // namespace brume::daemon
