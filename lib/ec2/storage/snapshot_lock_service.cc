#include "lib/ec2/storage/snapshot_lock_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

constexpr int64_t kMaxLockDays = 36500, kMaxCoolOffHours = 72;
constexpr absl::Duration kDay = absl::Hours(24);

const auto& Locks() {
  using L = SnapshotLock;
  static const auto table = store::DescribeTable<SnapshotLock>(
      "snapshot_locks", "lock", store::Key("id", &L::id), store::Fixed("mode", &L::mode),
      store::Fixed("created", &L::created), store::Fixed("duration_days", &L::duration_days),
      store::Fixed("expires", &L::expires), store::Fixed("cool_off_hours", &L::cool_off_hours),
      store::Fixed("cool_off_expires", &L::cool_off_expires));
  return table;
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

absl::Status Forbidden(const SnapshotLock& lock, absl::string_view what) {
  return ec2::Error("OperationNotPermitted",
                    absl::StrCat("The snapshot '", lock.id.text(), "' is locked until ", TimeText(lock.expires), what));
}

absl::Status InvalidLock(absl::string_view parameter, absl::string_view why) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("The value for parameter ", parameter, " is invalid: ", why));
}

absl::StatusOr<SnapshotLock> NewLock(const LockRequest& request, absl::Time now) {
  if (request.duration_days.has_value() && request.expires.has_value()) {
    return ec2::Error("InvalidParameterCombination", "LockDuration and ExpirationDate cannot be given together");
  }
  if (!request.duration_days.has_value() && !request.expires.has_value()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter LockDuration or ExpirationDate");
  }
  SnapshotLock lock{.id = request.id, .mode = request.mode, .created = now, .expires = now, .cool_off_expires = {}};
  if (request.expires.has_value()) {
    if (*request.expires <= now || *request.expires > now + kMaxLockDays * kDay) {
      return InvalidLock("ExpirationDate", "it must lie in the future, within 36500 days");
    }
    lock.expires = *request.expires;
    lock.duration_days = absl::ToInt64Hours(lock.expires - now + kDay - absl::Nanoseconds(1)) / 24;
  } else {
    if (*request.duration_days < 1 || *request.duration_days > kMaxLockDays) {
      return InvalidLock("LockDuration", "it must be 1 to 36500 days");
    }
    lock.duration_days = *request.duration_days;
    lock.expires = now + lock.duration_days * kDay;
  }
  if (!request.cool_off_hours.has_value()) return lock;
  if (request.mode != SnapshotLockMode::kCompliance) {
    return ec2::Error("InvalidParameterCombination", "CoolOffPeriod is a parameter of the mode compliance alone");
  }
  if (*request.cool_off_hours < 1 || *request.cool_off_hours > kMaxCoolOffHours) {
    return InvalidLock("CoolOffPeriod", "it must be 1 to 72 hours");
  }
  lock.cool_off_hours = *request.cool_off_hours;
  lock.cool_off_expires = now + absl::Hours(lock.cool_off_hours);
  return lock;
}

// Whether a lock may become another.
absl::Status CheckChange(const SnapshotLock& before, const SnapshotLock& after, absl::Time now) {
  if (StateOf(before, now) != SnapshotLockState::kCompliance) return absl::OkStatus();
  const bool longer =
      after.mode == SnapshotLockMode::kCompliance && after.cool_off_hours == 0 && after.expires > before.expires;
  return longer ? absl::OkStatus() : Forbidden(before, " in compliance mode, and its lock can only be made longer");
}

}  // namespace

store::TableDescription SnapshotLockService::Describe() { return Locks().Describe(); }

absl::StatusOr<SnapshotLock> SnapshotLockService::Lock(const LockRequest& request) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(SnapshotLock lock, NewLock(request, now));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    const absl::StatusOr<VolumeSnapshot> snapshot = GetSnapshot(c, request.id);
    if (absl::IsNotFound(snapshot.status()) && CheckSnapshot(c, request.id).ok()) {
      return ec2::Error("UnsupportedOperation",
                        absl::StrCat("The snapshot '", request.id.text(), "' is an imported image by another name: ",
                                     "protect that by EnableImageDeregistrationProtection"));
    }
    RETURN_IF_ERROR(snapshot.status());
    ASSIGN_OR_RETURN(const std::optional<SnapshotLock> before, Locks().Find(c, request.id));
    if (before.has_value()) {
      RETURN_IF_ERROR(CheckChange(*before, lock, now));
      lock.created = before->created;
      RETURN_IF_ERROR(Locks().Delete(c, request.id));
    }
    return Locks().Insert(c, lock);
  }));
  return lock;
}

absl::Status SnapshotLockService::Unlock(const SnapshotId& id) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(CheckSnapshot(c, id));
    ASSIGN_OR_RETURN(const std::optional<SnapshotLock> lock, Locks().Find(c, id));
    if (!lock.has_value()) {
      return ec2::Error("IncorrectState", absl::StrCat("The snapshot '", id.text(), "' is not locked"));
    }
    if (StateOf(*lock, clock_.Now()) == SnapshotLockState::kCompliance) {
      return Forbidden(*lock, " in compliance mode, and cannot be unlocked");
    }
    return Locks().Delete(c, id);
  });
}

absl::StatusOr<std::vector<SnapshotLock>> SnapshotLockService::List(absl::Span<const SnapshotId> ids) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<SnapshotLock>> {
    if (ids.empty()) return Locks().Select(c, "snapshot_locks ORDER BY id");
    std::vector<SnapshotLock> locks;
    for (const SnapshotId& id : ids) {
      RETURN_IF_ERROR(CheckSnapshot(c, id));
      ASSIGN_OR_RETURN(const std::optional<SnapshotLock> lock, Locks().Find(c, id));
      if (lock.has_value()) locks.push_back(*lock);
    }
    return locks;
  });
}

absl::Status CheckUnlocked(store::Connection& c, const SnapshotId& id, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<SnapshotLock> lock, Locks().Find(c, id));
  if (!lock.has_value() || StateOf(*lock, now) == SnapshotLockState::kExpired) return absl::OkStatus();
  return Forbidden(*lock, " and cannot be deleted; UnlockSnapshot unlocks it where its mode allows that");
}

}  // namespace brume::storage
