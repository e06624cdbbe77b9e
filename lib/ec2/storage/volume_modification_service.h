// Modifications of volumes: the calls, and the steps that reconcilers take for one. Source of behaviour: EC2 API
// reference, ModifyVolume, DescribeVolumesModifications.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/ec2/storage/model/volume_modification.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::storage {

// What ModifyVolume changes; unset = as it is.
struct VolumeChange {
  std::optional<int64_t> size_gib = {};
  std::optional<VolumeType> type = {};
  std::optional<int> iops = {}, throughput = {};  // MiB/s
};

// Thread-safe.
class VolumeModificationService {
 public:
  // `wake`: the volume as it stands has work. Called after the commit; must not block.
  VolumeModificationService(store::Database& database, const Settings& settings, const Clock& clock,
                            std::function<void(const Volume&)> wake)
      : database_(database), settings_(settings), clock_(clock), wake_(std::move(wake)) {}

  // Errors: InvalidVolume.NotFound, IncorrectState, IncorrectModificationState, MissingParameter,
  // InvalidParameterValue, InvalidParameterCombination, VolumeLimitExceeded.
  absl::StatusOr<VolumeModification> Modify(const VolumeId& id, const VolumeChange& change);
  // The latest of each of `ids`, or of all volumes that had one. Errors: InvalidVolume.NotFound,
  // InvalidVolumeModification.NotFound.
  absl::StatusOr<std::vector<VolumeModification>> List(absl::Span<const VolumeId> ids);

 private:
  store::Database& database_;
  const Settings& settings_;
  const Clock& clock_;
  const std::function<void(const Volume&)> wake_;
};

// The modification that `volume` is in; unset when it is in none.
absl::StatusOr<std::optional<VolumeModification>> FindModificationInWork(store::Database& database, const VolumeId& id);

// One step of `modification`, which is in work. `grow` makes the volume's disk as large as the GiB it is given, and is
// idempotent; what cannot be healed by time fails the modification, and other errors are returned. `volume` has its new
// shape when the step gave it one. Aborted when a row changed meanwhile.
absl::Status StepModification(store::Database& database, absl::Time now, Volume& volume,
                              VolumeModification& modification,
                              const std::function<absl::Status(int64_t size_gib)>& grow);

}  // namespace brume::storage
