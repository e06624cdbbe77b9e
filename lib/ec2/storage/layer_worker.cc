#include "lib/ec2/storage/layer_worker.h"

#include <utility>
#include <vector>

#include "lib/base/failpoint.h"
#include "lib/base/failure_kind.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/tables/snapshot_table.h"

namespace brume::storage {
namespace {

// A merge copies much, and what it failed for (a full disk) rarely passes at once.
constexpr absl::Duration kRetryPeriod = absl::Minutes(5);
constexpr absl::Duration kCopyRetryPeriod = absl::Seconds(30), kCopyPatience = absl::Hours(1);

// The layer under all of `chain`, which is not empty.
std::string LowestOf(const std::vector<VolumeSnapshot>& chain) {
  return chain.back().below.empty() ? chain.back().id.text() : chain.back().below;
}

}  // namespace

LayerWorker::LayerWorker(LayerWorkerParts parts)
    : parts_(std::move(parts)),
      loop_({.name = "layer", .threads = 1}, [this](const Key& key) { return Reconcile(key); }) {}

void LayerWorker::Start() {
  loop_.Start();
  loop_.Wake(Sweep());
}

void LayerWorker::Stop() {
  stopping_ = true;
  loop_.Stop();
}

LayerWorker::Next LayerWorker::Reconcile(const Key& key) {
  const SnapshotId* const id = std::get_if<SnapshotId>(&key);
  return id != nullptr ? ReconcileSnapshot(*id) : SweepAll();
}

LayerWorker::Next LayerWorker::SweepAll() {
  // With the top over it, a chain of so many layers is as long as it may be.
  ASSIGN_OR_RETURN(const std::vector<SnapshotId> deep, parts_.database.ReadFor([&](store::Connection& c) {
    return SnapshotTable(c).ListDeeperThan(parts_.max_chain - 1);
  }));
  for (const SnapshotId& id : deep) Wake(id);
  return absl::InfiniteDuration();
}

LayerWorker::Next LayerWorker::ReconcileSnapshot(const SnapshotId& id) {
  const absl::StatusOr<VolumeSnapshot> snapshot =
      parts_.database.ReadFor([&](store::Connection& c) { return SnapshotTable(c).Get(id); });
  if (absl::IsNotFound(snapshot.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(snapshot.status());
  ASSIGN_OR_RETURN(const bool copy,
                   parts_.database.ReadFor([&](store::Connection& c) { return IsPendingCopy(c, *snapshot); }));
  return copy ? Copy(*snapshot) : ReconcileChain(id);
}

LayerWorker::Next LayerWorker::Copy(VolumeSnapshot copy) {
  const std::string source = copy.below;
  const absl::Status copied = parts_.disks.CopyLayer(copy, source, [&] { return IsWanted(copy.id); });
  if (absl::IsCancelled(copied)) return absl::InfiniteDuration();
  const bool late = parts_.clock.Now() >= copy.started + kCopyPatience;
  if (!copied.ok() && !late && FailureKindOf(copied) != FailureKind::kPermanent) {
    log::Warn("snapshot {} cannot be copied yet: {}", copy.id.text(), copied.message());
    return kCopyRetryPeriod;
  }
  RETURN_IF_ERROR(Failpoint("snapshot.copied"));
  if (!copied.ok()) {
    log::Error("snapshot {} cannot be copied: {}", copy.id.text(), copied.message());
    copy.state_message = ToUtf8(copied.message());
  }
  copy.state = copied.ok() ? SnapshotState::kCompleted : SnapshotState::kError;
  copy.below.clear();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return SnapshotTable(c).Update(copy); }));
  log::Info("snapshot {}, a copy of {}, is {}", copy.id.text(), source, StateName(copy.state));
  if (const absl::StatusOr<SnapshotId> freed = SnapshotId::Parse(source); freed.ok()) parts_.on_freed(*freed);
  return absl::InfiniteDuration();
}

LayerWorker::Next LayerWorker::ReconcileChain(const SnapshotId& top) {
  ASSIGN_OR_RETURN(const std::vector<VolumeSnapshot> chain,
                   parts_.database.ReadFor([&](store::Connection& c) { return SnapshotTable(c).ListChain(top); }));
  if (chain.empty()) return absl::InfiniteDuration();
  const size_t layers = chain.size() + (chain.back().below.empty() ? 0 : 1);
  const size_t allowed = static_cast<size_t>(parts_.max_chain) - 1;
  if (layers <= allowed) return absl::InfiniteDuration();
  // The lowest that is one too many: each of those above it is then that much nearer to the lowest layer, too.
  const VolumeSnapshot& merged = chain[layers - allowed - 1];
  const absl::Status done = Merge(merged, LowestOf(chain));
  // Stopped, or deleted since.
  if (absl::IsCancelled(done)) return absl::InfiniteDuration();
  if (absl::IsAborted(done)) return absl::ZeroDuration();
  if (!done.ok()) {
    log::Error("the layers under {} cannot be merged, and its chain stays long: {}", merged.id.text(), done.message());
    return kRetryPeriod;
  }
  return absl::ZeroDuration();
}

bool LayerWorker::IsWanted(const SnapshotId& id) {
  if (stopping_) return false;
  const absl::StatusOr<bool> wanted = parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<bool> {
    const absl::StatusOr<VolumeSnapshot> row = SnapshotTable(c).Get(id);
    if (absl::IsNotFound(row.status())) return false;
    RETURN_IF_ERROR(row.status());
    if (row->state != SnapshotState::kDeleted) return true;
    ASSIGN_OR_RETURN(const int64_t users, SnapshotTable(c).CountUsers(id));
    return users > 0;
  });
  // A database that cannot be read now is no reason to give the work up.
  return wanted.value_or(true);
}

absl::Status LayerWorker::Merge(const VolumeSnapshot& snapshot, const std::string& base) {
  if (!IsWanted(snapshot.id)) return absl::CancelledError("the snapshot is gone");
  RETURN_IF_ERROR(parts_.disks.MergeLayers(snapshot, base, [&] { return IsWanted(snapshot.id); }));
  RETURN_IF_ERROR(Failpoint("snapshot.merged"));
  // What lies below may go from now on, and not before.
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(VolumeSnapshot row, SnapshotTable(c).Get(snapshot.id));
    row.below = base;
    return SnapshotTable(c).Update(row);
  }));
  log::Info("snapshot {} lies over {} now, with what was between", snapshot.id.text(), base);
  if (const absl::StatusOr<SnapshotId> freed = SnapshotId::Parse(snapshot.below); freed.ok()) parts_.on_freed(*freed);
  return absl::OkStatus();
}

}  // namespace brume::storage
