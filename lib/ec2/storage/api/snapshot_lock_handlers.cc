#include "lib/ec2/storage/api/snapshot_lock_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/snapshot_lock.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"

namespace brume::ec2 {
namespace {

// LockSnapshot's answer and an item of DescribeLockedSnapshots have the same fields.
template <typename Message>
Message Render(const SnapshotLock& lock, absl::Time now) {
  Message message;
  message.set_snapshot_id(lock.id.text());
  message.set_lock_state(std::string(StateName(StateOf(lock, now))));
  message.set_lock_duration(static_cast<int>(lock.duration_days));
  if (lock.cool_off_hours > 0) message.set_cool_off_period(static_cast<int>(lock.cool_off_hours));
  if (lock.cool_off_expires) message.set_cool_off_period_expires_on(gateway::RenderTime(*lock.cool_off_expires));
  message.set_lock_created_on(gateway::RenderTime(lock.created));
  message.set_lock_expires_on(gateway::RenderTime(lock.expires));
  message.set_lock_duration_start_time(gateway::RenderTime(lock.created));
  return message;
}

absl::StatusOr<v1::LockSnapshotResponse> LockSnapshot(const v1::LockSnapshotRequest& request,
                                                      storage::SnapshotLockService& locks) {
  storage::LockRequest wanted;
  ASSIGN_OR_RETURN(wanted.id, SnapshotId::Parse(request.snapshot_id()));
  wanted.mode = request.lock_mode() == "compliance" ? SnapshotLockMode::kCompliance : SnapshotLockMode::kGovernance;
  if (request.has_lock_duration()) wanted.duration_days = request.lock_duration();
  if (request.has_cool_off_period()) wanted.cool_off_hours = request.cool_off_period();
  if (request.has_expiration_date()) {
    ASSIGN_OR_RETURN(wanted.expires, gateway::ParseTime(request.expiration_date()));
  }
  ASSIGN_OR_RETURN(const SnapshotLock lock, locks.Lock(wanted));
  return Render<v1::LockSnapshotResponse>(lock, locks.clock().Now());
}

absl::StatusOr<v1::UnlockSnapshotResponse> UnlockSnapshot(const v1::UnlockSnapshotRequest& request,
                                                          storage::SnapshotLockService& locks) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  RETURN_IF_ERROR(locks.Unlock(id));
  v1::UnlockSnapshotResponse response;
  response.set_snapshot_id(id.text());
  return response;
}

absl::StatusOr<v1::DescribeLockedSnapshotsResponse> DescribeLockedSnapshots(
    const v1::DescribeLockedSnapshotsRequest& request, storage::SnapshotLockService& locks, const Settings& settings) {
  static const gateway::Listing<v1::LockedSnapshotsInfo, v1::DescribeLockedSnapshotsResponse> listing = {
      "locked-snapshots", &v1::LockedSnapshotsInfo::snapshot_id,
      &v1::DescribeLockedSnapshotsResponse::mutable_snapshots};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<SnapshotId>(request, request.snapshot_ids(), "snapshotId"));
  ASSIGN_OR_RETURN(const std::vector<SnapshotLock> found, locks.List(ids));
  std::vector<v1::LockedSnapshotsInfo> rendered;
  for (const SnapshotLock& lock : found) {
    rendered.push_back(Render<v1::LockedSnapshotsInfo>(lock, locks.clock().Now()));
    rendered.back().set_owner_id(settings.account_id);
  }
  return gateway::Answer(listing, request, std::move(rendered));
}

}  // namespace

void AddSnapshotLockActions(gateway::Actions& actions, storage::SnapshotLockService& locks, const Settings& settings) {
  actions.Add(LockSnapshot, locks).DescribedBy([](const v1::LockSnapshotRequest& request, AccessQuestion& question) {
    if (request.has_lock_duration()) {
      question.context["ec2:snapshotlockduration"] = {absl::StrCat(request.lock_duration())};
    }
    if (request.has_cool_off_period()) {
      question.context["ec2:snapshotcooloffperiod"] = {absl::StrCat(request.cool_off_period())};
    }
    return absl::OkStatus();
  });
  actions.Add(UnlockSnapshot, locks);
  actions.Add(DescribeLockedSnapshots, locks, settings);
}

}  // namespace brume::ec2
