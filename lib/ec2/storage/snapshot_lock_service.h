// Locks of snapshots. Source of behaviour: EC2 API reference, LockSnapshot, UnlockSnapshot, DescribeLockedSnapshots.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/ec2/storage/model/snapshot_lock.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

// One of the two is given: for how long, or until when.
struct LockRequest {
  SnapshotId id;
  SnapshotLockMode mode = SnapshotLockMode::kGovernance;
  std::optional<int64_t> duration_days;
  std::optional<absl::Time> expires;
  std::optional<int64_t> cool_off_hours;  // of kCompliance alone
};

// Thread-safe.
class SnapshotLockService {
 public:
  SnapshotLockService(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  static store::TableDescription Describe();

  // Changes the lock of one that is locked. Errors: InvalidSnapshot.NotFound, MissingParameter,
  // InvalidParameterCombination, InvalidParameterValue, OperationNotPermitted for what a lock in compliance mode does
  // not allow, UnsupportedOperation for the snapshot that an imported image is.
  absl::StatusOr<SnapshotLock> Lock(const LockRequest& request);
  // Errors: InvalidSnapshot.NotFound, IncorrectState for one that is not locked, OperationNotPermitted in compliance
  // mode.
  absl::Status Unlock(const SnapshotId& id);
  // Also those that have expired. No ids = all; of ids those that are locked. Error: InvalidSnapshot.NotFound.
  absl::StatusOr<std::vector<SnapshotLock>> List(absl::Span<const SnapshotId> ids = {});

  const Clock& clock() const { return clock_; }

 private:
  store::Database& database_;
  const Clock& clock_;
};

// Inside a transaction of the caller's: OK unless the snapshot is locked. Error: OperationNotPermitted.
absl::Status CheckUnlocked(store::Connection& connection, const SnapshotId& id, absl::Time now);

}  // namespace brume::storage
