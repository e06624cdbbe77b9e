#include "lib/ec2/storage/model/snapshot_lock.h"

#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

constexpr EnumNames kLockStateNames({std::pair{SnapshotLockState::kGovernance, "governance"},
                                     {SnapshotLockState::kCompliance, "compliance"},
                                     {SnapshotLockState::kCoolOff, "compliance-cooloff"},
                                     {SnapshotLockState::kExpired, "expired"}});

}  // namespace

absl::string_view StateName(SnapshotLockState state) { return kLockStateNames.Of(state); }

SnapshotLockState StateOf(const SnapshotLock& lock, absl::Time now) {
  if (lock.expires <= now) return SnapshotLockState::kExpired;
  if (lock.mode == SnapshotLockMode::kGovernance) return SnapshotLockState::kGovernance;
  return lock.cool_off_expires.value_or(absl::InfinitePast()) > now ? SnapshotLockState::kCoolOff
                                                                    : SnapshotLockState::kCompliance;
}

}  // namespace brume
