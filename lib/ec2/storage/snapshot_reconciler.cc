#include "lib/ec2/storage/snapshot_reconciler.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/snapshot_taking_service.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/volume_table.h"

namespace brume::storage {
namespace {

// The instance's reconciler was woken; it may lose the volume before it comes to it.
constexpr absl::Duration kPollPeriod = absl::Seconds(5);
// Whether a client has left a snapshot that it puts together is checked so often.
constexpr absl::Duration kUploadPoll = absl::Minutes(1);

}  // namespace

SnapshotReconciler::SnapshotReconciler(SnapshotReconcilerParts parts)
    : parts_(std::move(parts)),
      loop_({.name = "snapshot", .threads = 2}, [this](const Key& key) { return Reconcile(key); }) {}

void SnapshotReconciler::Start() {
  loop_.Start();
  WakeAll();
}

void SnapshotReconciler::Stop() { loop_.Stop(); }

SnapshotReconciler::Next SnapshotReconciler::Reconcile(const Key& key) {
  const SnapshotId* const id = std::get_if<SnapshotId>(&key);
  return id != nullptr ? ReconcileSnapshot(*id) : SweepAll();
}

SnapshotReconciler::Next SnapshotReconciler::SweepAll() {
  for (const SnapshotState state : {SnapshotState::kPending, SnapshotState::kDeleted}) {
    ASSIGN_OR_RETURN(const std::vector<VolumeSnapshot> found, parts_.database.ReadFor([&](store::Connection& c) {
      return SnapshotTable(c).ListInState(state);
    }));
    for (const VolumeSnapshot& snapshot : found) Wake(snapshot.id);
  }
  return absl::InfiniteDuration();
}

SnapshotReconciler::Next SnapshotReconciler::ReconcileSnapshot(const SnapshotId& id) {
  const absl::StatusOr<VolumeSnapshot> snapshot =
      parts_.database.ReadFor([&](store::Connection& c) { return SnapshotTable(c).Get(id); });
  if (absl::IsNotFound(snapshot.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(snapshot.status());
  switch (snapshot->state) {
    case SnapshotState::kPending: {
      ASSIGN_OR_RETURN(const bool copy,
                       parts_.database.ReadFor([&](store::Connection& c) { return IsPendingCopy(c, *snapshot); }));
      if (!copy) return Take(*snapshot);
      parts_.on_layer_work(id);
      return absl::InfiniteDuration();
    }
    case SnapshotState::kDeleted:
      return Remove(*snapshot);
    case SnapshotState::kCompleted:
      parts_.on_layer_work(id);
      break;
    case SnapshotState::kError:
      break;
  }
  return absl::InfiniteDuration();
}

SnapshotReconciler::Next SnapshotReconciler::Take(const VolumeSnapshot& snapshot) {
  if (snapshot.volume_id.empty()) return Settle(snapshot);
  const absl::StatusOr<Volume> volume =
      parts_.database.ReadFor([&](store::Connection& c) { return VolumeTable(c).Get(snapshot.volume_id); });
  if (absl::IsNotFound(volume.status())) {
    VolumeSnapshot lost = snapshot;
    lost.state = SnapshotState::kError;
    lost.state_message = "The volume was deleted before the snapshot could be taken";
    RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return SnapshotTable(c).Update(lost); }));
    return absl::InfiniteDuration();
  }
  RETURN_IF_ERROR(volume.status());
  if (!volume->instance_id.empty()) {
    parts_.wake_instance(volume->instance_id);
    return kPollPeriod;
  }
  // Nothing writes to it, and who attaches it meanwhile changes its version.
  const absl::StatusOr<bool> taken = TakeSnapshots({parts_.database, parts_.disks, parts_.clock}, {*volume},
                                                   [](const std::vector<NewTop>&) { return absl::OkStatus(); });
  if (absl::IsAborted(taken.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(taken.status());
  // An older one of the same volume came first.
  return absl::ZeroDuration();
}

SnapshotReconciler::Next SnapshotReconciler::Settle(const VolumeSnapshot& snapshot) {
  if (!parts_.settle_upload) return absl::InfiniteDuration();
  const absl::StatusOr<bool> settled = parts_.settle_upload(snapshot);
  if (absl::IsAborted(settled.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(settled.status());
  // Once more for its layer, when it is one.
  return *settled ? absl::ZeroDuration() : kUploadPoll;
}

SnapshotReconciler::Next SnapshotReconciler::Remove(const VolumeSnapshot& snapshot) {
  const absl::Time now = parts_.clock.Now();
  const absl::StatusOr<absl::Duration> remaining = RemainingInBin<SnapshotTable>(parts_.database, snapshot, now);
  if (absl::IsAborted(remaining.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(remaining.status());
  if (*remaining > absl::ZeroDuration()) return std::min(*remaining, kBinPoll);
  ASSIGN_OR_RETURN(const int64_t users, parts_.database.ReadFor([&](store::Connection& c) {
    return SnapshotTable(c).CountUsers(snapshot.id);
  }));
  if (users > 0) return absl::InfiniteDuration();
  if (snapshot.volume_id.empty() && parts_.abandon_upload) RETURN_IF_ERROR(parts_.abandon_upload(snapshot.id));
  if (snapshot.layer_id == snapshot.id.text()) RETURN_IF_ERROR(parts_.disks.RemoveSnapshot(snapshot.id));
  RETURN_IF_ERROR(Failpoint("snapshot.removed"));
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(LeaveBin(c, snapshot.id.text(), now));
    return SnapshotTable(c).Delete(snapshot.id);
  }));
  log::Info("snapshot {} and its layer are gone", snapshot.id.text());
  // What lay under it, or what it was a copy of, may be free now: a snapshot's or an image's.
  for (const std::string& layer : {snapshot.below, snapshot.layer_id}) {
    if (const absl::StatusOr<SnapshotId> id = SnapshotId::Parse(layer); id.ok()) Wake(*id);
  }
  parts_.on_layer_removed();
  return absl::InfiniteDuration();
}

}  // namespace brume::storage
