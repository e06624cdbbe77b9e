// The steps from a pending snapshot to a completed one, for whoever may touch the volumes' disks: the reconciler of the
// instance they are attached to, else that of snapshots.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/ec2/storage/disk_service.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::storage {

struct SnapshotTaking {
  store::Database& database;
  DiskService& disks;
  const Clock& clock;
};

struct NewTop {
  Volume volume;
  std::string path;
  VolumeSnapshot snapshot;
};
// Makes what writes to the volumes write to the new tops, all from one instant on. A failure that is neither
// Unavailable nor DeadlineExceeded has changed nothing.
using SwitchTops = std::function<absl::Status(const std::vector<NewTop>& tops)>;

// Those of `pending` that were asked for in one call with the oldest of them, with their volumes; at most one of each
// volume. Pure.
struct Taking {
  VolumeSnapshot snapshot;
  Volume volume;
};
std::vector<Taking> OldestOf(const std::vector<VolumeSnapshot>& pending, const std::vector<Volume>& volumes);

// Something else that changes with the round: in the same transaction.
using WithCommit = std::function<absl::Status(store::Connection& connection, const std::vector<Taking>& round)>;

// Takes the oldest of the volumes' pending snapshots, those of one call at one instant. Until it returns nothing else
// may open the volumes' disks, nor may it while a snapshot is pending: after a cut between the switch and the commit
// the old top is no longer what the guest wrote to. Idempotent. False when none was pending. Aborted when a volume
// changed meanwhile: read anew. A snapshot that cannot be taken for good becomes one in error, its volume is as it was.
absl::StatusOr<bool> TakeSnapshots(const SnapshotTaking& parts, const std::vector<Volume>& volumes,
                                   const SwitchTops& switch_tops, const WithCommit& with_commit = nullptr);

}  // namespace brume::storage
