// Rows of snapshots, which are layers too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/tables/list_query.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class SnapshotTable {
 public:
  explicit SnapshotTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const VolumeSnapshot& snapshot);
  // Also one that is deleted. InvalidSnapshot.NotFound.
  absl::StatusOr<VolumeSnapshot> Get(const SnapshotId& id);
  // Aborted unless the row still has snapshot.version; sets the next version in `snapshot`.
  absl::Status Update(VolumeSnapshot& snapshot);
  // FailedPrecondition while a disk lies over its layer. OK when there is none.
  absl::Status Delete(const SnapshotId& id);
  // Without deleted ones, in the order of their creation.
  absl::StatusOr<std::vector<VolumeSnapshot>> List();
  // The same, a part of them.
  absl::StatusOr<std::vector<VolumeSnapshot>> ListPage(const ListQuery& query);
  // Those of `volumes` that are pending, oldest first: what is still to be done to the volumes' tops.
  absl::StatusOr<std::vector<VolumeSnapshot>> ListPending(absl::Span<const VolumeId> volumes);
  absl::StatusOr<std::vector<VolumeSnapshot>> ListInState(SnapshotState state);
  // The snapshot's layer and those under it, the lowest last; without an image's, which the last lies over.
  absl::StatusOr<std::vector<VolumeSnapshot>> ListChain(const SnapshotId& id);
  // Snapshots whose chains have more layers than this, an image's counted.
  absl::StatusOr<std::vector<SnapshotId>> ListDeeperThan(int layers);
  // Volumes, snapshots and images that need the files of this layer.
  absl::StatusOr<int64_t> CountUsers(const SnapshotId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
