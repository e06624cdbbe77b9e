#include "lib/ec2/storage/model/volume_modification.h"

#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

constexpr EnumNames kModificationStateNames({std::pair{ModificationState::kModifying, "modifying"},
                                             {ModificationState::kOptimizing, "optimizing"},
                                             {ModificationState::kCompleted, "completed"},
                                             {ModificationState::kFailed, "failed"}});

}  // namespace

absl::string_view StateName(ModificationState state) { return kModificationStateNames.Of(state); }

VolumeShape ShapeOf(const Volume& volume) {
  return {.size_gib = volume.size_gib, .type = volume.type, .iops = volume.iops, .throughput = volume.throughput};
}

void SetShape(const VolumeShape& shape, Volume& volume) {
  volume.size_gib = shape.size_gib;
  volume.type = shape.type;
  volume.iops = shape.iops;
  volume.throughput = shape.throughput;
}

}  // namespace brume
