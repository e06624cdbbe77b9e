// Changes of a volume's size, type and performance. Source of behaviour: EC2 API reference, ModifyVolume,
// DescribeVolumesModifications.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/ids.h"

namespace brume {

enum class ModificationState { kModifying = 0, kOptimizing = 1, kCompleted = 2, kFailed = 3 };
std::true_type IsPersisted(ModificationState);  // the database keeps its values
// "modifying", "optimizing", "completed", "failed".
absl::string_view StateName(ModificationState state);

// What a modification changes.
struct VolumeShape {
  int64_t size_gib = 0;
  VolumeType type = VolumeType::kGp3;
  std::optional<int> iops, throughput;  // MiB/s; unset = what the type has
  friend bool operator==(const VolumeShape&, const VolumeShape&) = default;
};
VolumeShape ShapeOf(const Volume& volume);
void SetShape(const VolumeShape& shape, Volume& volume);

// The volume has the target from kOptimizing on.
struct VolumeModification {
  VolumeId volume_id;
  ModificationState state = ModificationState::kModifying;
  std::string status_message;
  VolumeShape target, original;
  absl::Time started;
  std::optional<absl::Time> ended;
  int64_t version = 0;
};

}  // namespace brume
