// Snapshots: what a volume was at an instant. Source of behaviour: EC2 API reference, CreateSnapshot,
// DescribeSnapshots.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"

namespace brume {

// kDeleted: gone for every caller; its layer stays while a disk lies over it.
enum class SnapshotState { kPending = 0, kCompleted = 1, kError = 2, kDeleted = 3 };
std::true_type IsPersisted(SnapshotState);  // the database keeps its values
// "pending", "completed", "error", "deleted".
absl::string_view StateName(SnapshotState state);

// Also an immutable layer: the file that was the volume's top when it was taken.
struct VolumeSnapshot {
  SnapshotId id;
  VolumeId volume_id;  // which may be gone; empty = it was made of none: it is a copy
  std::string description;
  SnapshotState state = SnapshotState::kPending;
  std::string state_message;
  absl::Time started;
  int64_t size_gib = 0;
  bool encrypted = false;
  std::string data_key_id;  // as its volume's
  // Whose files it has: its own id, or that of what it is a copy of (an image or a snapshot).
  std::string layer_id;
  // The layer under its own; of a pending copy the one whose bytes are being copied; empty = none.
  std::string below;
  // Taken while the guest is off: one that runs is powered off for it and started again.
  bool at_rest = false;
  // Accounts that may make volumes of it, and "all".
  std::vector<std::string> restorable_by;
  int64_t version = 0;
};

// Whether its bytes are still to be copied, encrypted, from the layer `below`; or it is put together over that layer,
// which is encrypted then.
bool IsPendingCopy(const VolumeSnapshot& snapshot);

// The name of the file that becomes a volume's top when the snapshot freezes the one it has.
std::string TopOver(const SnapshotId& id);

}  // namespace brume
