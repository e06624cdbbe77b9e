// Locks of snapshots: what is locked is not deleted. Source of behaviour: EC2 API reference, LockSnapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"

namespace brume {

// kCompliance: once the cooling-off period is over nobody unlocks it, and the lock can only be made longer.
enum class SnapshotLockMode { kGovernance = 0, kCompliance = 1 };
std::true_type IsPersisted(SnapshotLockMode);  // the database keeps its values

struct SnapshotLock {
  SnapshotId id;
  SnapshotLockMode mode = SnapshotLockMode::kGovernance;
  absl::Time created;
  int64_t duration_days = 0;  // as given, or whole days until the date that was
  absl::Time expires;
  int64_t cool_off_hours = 0;                  // 0 = none
  std::optional<absl::Time> cool_off_expires;  // unset = none
};

enum class SnapshotLockState { kGovernance, kCompliance, kCoolOff, kExpired };
// "governance", "compliance", "compliance-cooloff", "expired".
absl::string_view StateName(SnapshotLockState state);
SnapshotLockState StateOf(const SnapshotLock& lock, absl::Time now);

}  // namespace brume
