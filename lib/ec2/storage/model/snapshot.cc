#include "lib/ec2/storage/model/snapshot.h"

#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

constexpr EnumNames kSnapshotStateNames({std::pair{SnapshotState::kPending, "pending"},
                                         {SnapshotState::kCompleted, "completed"},
                                         {SnapshotState::kError, "error"},
                                         {SnapshotState::kDeleted, "deleted"}});

}  // namespace

absl::string_view StateName(SnapshotState state) { return kSnapshotStateNames.Of(state); }

bool IsPendingCopy(const VolumeSnapshot& snapshot) {
  return snapshot.state == SnapshotState::kPending && snapshot.volume_id.empty() && snapshot.encrypted &&
         !snapshot.below.empty();
}

std::string TopOver(const SnapshotId& id) { return id.text() + ".qcow2"; }

}  // namespace brume
