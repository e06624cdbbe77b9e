// Fast snapshot restores: kept and shown. What is made of a snapshot reads it where it lies, so each is as fast as it
// will ever be without. Source of behaviour: EC2 API reference, EnableFastSnapshotRestores,
// DisableFastSnapshotRestores.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/resource/ids.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

// Of one snapshot in one zone.
struct FastRestore {
  SnapshotId snapshot_id;
  std::string availability_zone;
  absl::Time enabled;
};

struct FastRestoreFailure {
  SnapshotId snapshot_id;
  std::string availability_zone;
  absl::Status why;  // with EC2's code
};

struct FastRestoreChange {
  std::vector<FastRestore> done;
  std::vector<FastRestoreFailure> failed;
};

// Each snapshot in each zone: what fails leaves the others as they are.
struct FastRestoreRequest {
  absl::Span<const SnapshotId> snapshots;
  absl::Span<const std::string> zones;  // of the settings
};

// Thread-safe.
class FastRestoreService {
 public:
  FastRestoreService(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  static store::TableDescription Describe();

  // What is enabled already stays as it is. Failures: InvalidSnapshot.NotFound, IncorrectState while it is not
  // completed.
  absl::StatusOr<FastRestoreChange> Enable(const FastRestoreRequest& request);
  // Failures: InvalidSnapshot.NotFound, IncorrectState where it is not enabled.
  absl::StatusOr<FastRestoreChange> Disable(const FastRestoreRequest& request);
  absl::StatusOr<std::vector<FastRestore>> List();

  const Clock& clock() const { return clock_; }

 private:
  store::Database& database_;
  const Clock& clock_;
};

// Inside a transaction of the caller's: of a snapshot that goes.
absl::Status DropFastRestores(store::Connection& connection, const SnapshotId& id);

}  // namespace brume::storage
