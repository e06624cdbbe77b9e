#include "lib/ec2/storage/volume_modification_service.h"

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/tables/volume_modification_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {
namespace {

bool IsInWork(const VolumeModification& modification) {
  return modification.state == ModificationState::kModifying || modification.state == ModificationState::kOptimizing;
}

// A new type begins with what it has where the call says nothing.
absl::StatusOr<VolumeShape> Target(const Volume& volume, const VolumeChange& change) {
  if (!change.size_gib && !change.type && !change.iops && !change.throughput) {
    return ec2::Error("MissingParameter",
                      "The request must contain one of the parameters size, volumeType, iops and throughput");
  }
  VolumeShape target = ShapeOf(volume);
  if (change.type && *change.type != volume.type) target.iops = target.throughput = std::nullopt;
  target.type = change.type.value_or(target.type);
  target.size_gib = change.size_gib.value_or(target.size_gib);
  if (change.iops) target.iops = change.iops;
  if (change.throughput) target.throughput = change.throughput;
  if (target.size_gib < volume.size_gib) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("New size cannot be smaller than existing size: ",
                                                            target.size_gib, " and ", volume.size_gib, " GiB"));
  }
  RETURN_IF_ERROR(CheckSize(target.type, target.size_gib));
  RETURN_IF_ERROR(CheckPerformance(
      {.type = target.type, .size_gib = target.size_gib, .iops = target.iops, .throughput = target.throughput}));
  return target;
}

absl::Status CheckModifiable(store::Connection& c, const Volume& volume) {
  if (volume.state != VolumeState::kAvailable && volume.state != VolumeState::kInUse) {
    return ec2::Error("IncorrectState",
                      absl::StrCat("Volume '", volume.id.text(), "' is in the '", StateName(volume.state),
                                   "' state; it must be available or in-use"));
  }
  ASSIGN_OR_RETURN(const std::optional<VolumeModification> before, VolumeModificationTable(c).Find(volume.id));
  if (!before.has_value() || !IsInWork(*before)) return absl::OkStatus();
  return ec2::Error("IncorrectModificationState",
                    absl::StrCat("Cannot modify volume ", volume.id.text(), " in modification state ",
                                 StateName(before->state), "; wait until it is completed"));
}

// Errors that time cannot heal.
bool CannotHeal(const absl::Status& status) { return absl::IsInvalidArgument(status) || absl::IsDataLoss(status); }

absl::Status Commit(store::Database& database, VolumeModification& modification, Volume* volume) {
  return database.Write([&](store::Connection& c) -> absl::Status {
    if (volume != nullptr) RETURN_IF_ERROR(VolumeTable(c).Update(*volume));
    return VolumeModificationTable(c).Update(modification);
  });
}

}  // namespace

absl::StatusOr<VolumeModification> VolumeModificationService::Modify(const VolumeId& id, const VolumeChange& change) {
  Volume volume;
  VolumeModification modification;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(volume, VolumeTable(c).Get(id));
    RETURN_IF_ERROR(CheckModifiable(c, volume));
    modification = {};
    modification.volume_id = id;
    modification.original = ShapeOf(volume);
    ASSIGN_OR_RETURN(modification.target, Target(volume, change));
    modification.started = clock_.Now();
    RETURN_IF_ERROR(VolumeModificationTable(c).Put(modification));
    return modification.target.size_gib > volume.size_gib ? CheckSumOfSizes(c, settings_) : absl::OkStatus();
  }));
  wake_(volume);
  return modification;
}

absl::StatusOr<std::vector<VolumeModification>> VolumeModificationService::List(absl::Span<const VolumeId> ids) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<VolumeModification>> {
    if (ids.empty()) return VolumeModificationTable(c).List();
    std::vector<VolumeModification> found;
    for (const VolumeId& id : ids) {
      RETURN_IF_ERROR(VolumeTable(c).Get(id).status());
      ASSIGN_OR_RETURN(std::optional<VolumeModification> one, VolumeModificationTable(c).Find(id));
      if (!one.has_value()) {
        return ec2::Error("InvalidVolumeModification.NotFound",
                          absl::StrCat("Modification for volume '", id.text(), "' does not exist."));
      }
      found.push_back(*std::move(one));
    }
    return found;
  });
}

absl::StatusOr<std::optional<VolumeModification>> FindModificationInWork(store::Database& database,
                                                                         const VolumeId& id) {
  ASSIGN_OR_RETURN(std::optional<VolumeModification> found,
                   database.ReadFor([&](store::Connection& c) { return VolumeModificationTable(c).Find(id); }));
  return found.has_value() && IsInWork(*found) ? std::move(found) : std::nullopt;
}

absl::Status StepModification(store::Database& database, absl::Time now, Volume& volume,
                              VolumeModification& modification,
                              const std::function<absl::Status(int64_t size_gib)>& grow) {
  if (modification.state == ModificationState::kOptimizing) {
    modification.state = ModificationState::kCompleted;
    modification.ended = now;
    RETURN_IF_ERROR(Commit(database, modification, nullptr));
    log::Info("volume {} is modified", volume.id.text());
    return absl::OkStatus();
  }
  const absl::Status grown =
      modification.target.size_gib > volume.size_gib ? grow(modification.target.size_gib) : absl::OkStatus();
  if (!grown.ok() && !CannotHeal(grown)) return grown;
  RETURN_IF_ERROR(Failpoint("volume.grown"));
  if (!grown.ok()) {
    log::Error("volume {} cannot be modified: {}", volume.id.text(), grown.message());
    modification.state = ModificationState::kFailed;
    modification.status_message = ToUtf8(grown.message());
    modification.ended = now;
    return Commit(database, modification, nullptr);
  }
  SetShape(modification.target, volume);
  modification.state = ModificationState::kOptimizing;
  return Commit(database, modification, &volume);
}

}  // namespace brume::storage
