#include "lib/ec2/storage/volume_reconciler.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/failpoint.h"
#include "lib/base/failure_kind.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/ec2/storage/volume_service.h"

namespace brume::storage {
namespace {

constexpr absl::Duration kSweepPeriod = absl::Seconds(30), kFrozenPeriod = absl::Milliseconds(200);

// A layer that is not there does not come back.
bool IsLost(const absl::Status& made) {
  return absl::IsNotFound(made) || FailureKindOf(made) == FailureKind::kPermanent;
}

}  // namespace

VolumeReconciler::VolumeReconciler(store::Database& database, DiskService& disks, const Clock& clock,
                                   std::function<void()> on_disks_freed)
    : database_(database),
      disks_(disks),
      clock_(clock),
      on_disks_freed_(std::move(on_disks_freed)),
      loop_({.name = "volume", .threads = 2}, [this](const Key& key) { return Reconcile(key); }) {}

void VolumeReconciler::Start() {
  loop_.Start();
  loop_.Wake(Sweep());
}

void VolumeReconciler::Stop() { loop_.Stop(); }

void VolumeReconciler::Wake(const VolumeId& id) { loop_.Wake(id); }

absl::StatusOr<absl::Duration> VolumeReconciler::Reconcile(const Key& key) {
  const VolumeId* const id = std::get_if<VolumeId>(&key);
  return id != nullptr ? ReconcileVolume(*id) : SweepAll();
}

absl::StatusOr<absl::Duration> VolumeReconciler::SweepAll() {
  ASSIGN_OR_RETURN(const std::vector<Volume> volumes,
                   database_.ReadFor([](store::Connection& c) { return VolumeTable(c).ListInWork(); }));
  for (const Volume& volume : volumes) Wake(volume.id);
  // One that an instance let go of in the midst of its modification is work that nobody wakes us for.
  return kSweepPeriod;
}

absl::StatusOr<absl::Duration> VolumeReconciler::ReconcileVolume(const VolumeId& id) {
  const absl::StatusOr<Volume> volume = database_.ReadFor([&](store::Connection& c) { return VolumeTable(c).Get(id); });
  if (absl::IsNotFound(volume.status())) return absl::InfiniteDuration();
  RETURN_IF_ERROR(volume.status());
  if (!volume->instance_id.empty()) return absl::InfiniteDuration();
  ASSIGN_OR_RETURN(const bool is_frozen,
                   database_.ReadFor([&](store::Connection& c) { return HasPendingSnapshot(c, id); }));
  // A snapshot that is still to be taken needs the files as they are.
  if (is_frozen && volume->state != VolumeState::kCreating) return kFrozenPeriod;
  absl::Status done;
  if (volume->state == VolumeState::kCreating) done = Make(*volume);
  if (volume->state == VolumeState::kDeleting) done = Remove(*volume);
  // The row changed while we worked: reconcile again at once, with the new one.
  if (absl::IsAborted(done)) return absl::ZeroDuration();
  RETURN_IF_ERROR(done);
  return volume->state == VolumeState::kAvailable ? Modify(*volume) : absl::InfiniteDuration();
}

absl::StatusOr<absl::Duration> VolumeReconciler::Modify(Volume volume) {
  ASSIGN_OR_RETURN(std::optional<VolumeModification> modification, FindModificationInWork(database_, volume.id));
  if (!modification.has_value()) return absl::InfiniteDuration();
  const absl::Status stepped = StepModification(database_, clock_.Now(), volume, *modification,
                                                [&](int64_t size_gib) { return disks_.GrowVolume(volume, size_gib); });
  if (!absl::IsAborted(stepped)) RETURN_IF_ERROR(stepped);
  return absl::ZeroDuration();
}

absl::Status VolumeReconciler::Make(Volume volume) {
  const absl::Status made = disks_.EnsureVolume(volume).status();
  if (!made.ok() && !IsLost(made)) return made;
  RETURN_IF_ERROR(Failpoint("volume.made"));
  volume.state = made.ok() ? VolumeState::kAvailable : VolumeState::kError;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) { return VolumeTable(c).Update(volume); }));
  if (!made.ok()) log::Error("volume {} cannot be made: {}", volume.id.text(), made.message());
  log::Info("volume {} is {}", volume.id.text(), StateName(volume.state));
  return absl::OkStatus();
}

absl::Status VolumeReconciler::Remove(const Volume& volume) {
  RETURN_IF_ERROR(disks_.RemoveVolume(volume.id));
  RETURN_IF_ERROR(Failpoint("volume.removed"));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) { return RemoveVolume(c, volume.id); }));
  log::Info("volume {} and its files are gone", volume.id.text());
  on_disks_freed_();
  return absl::OkStatus();
}

}  // namespace brume::storage
