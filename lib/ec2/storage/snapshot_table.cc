#include "lib/ec2/storage/snapshot_table.h"

#include "absl/status/status.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Snapshots() {
  static const auto table = store::DescribeTable<Snapshot>(
      "snapshots", "snapshot", store::Key("id", &Snapshot::id), store::Version(&Snapshot::version),
      store::Column("volume_id", &Snapshot::volume_id), store::Column("description", &Snapshot::description),
      store::Column("state", &Snapshot::state), store::Column("state_message", &Snapshot::state_message),
      store::Column("started", &Snapshot::started), store::Column("size_gib", &Snapshot::size_gib),
      store::Column("encrypted", &Snapshot::encrypted), store::Column("layer_id", &Snapshot::layer_id),
      store::Column("below", &Snapshot::below), store::Column("depth", &Snapshot::depth),
      store::Json("restorable_by", &Snapshot::restorable_by), store::Unmapped("seq"));
  return table;
}

}  // namespace

store::TableDescription SnapshotTable::Describe() { return Snapshots().Describe(); }

absl::Status SnapshotTable::Insert(const Snapshot& snapshot) { return Snapshots().Insert(connection_, snapshot); }

absl::StatusOr<Snapshot> SnapshotTable::Get(const SnapshotId& id) { return Snapshots().Get(connection_, id); }

absl::Status SnapshotTable::Update(Snapshot& snapshot) { return Snapshots().Update(connection_, snapshot); }

absl::Status SnapshotTable::Delete(const SnapshotId& id) { return Snapshots().Delete(connection_, id); }

absl::StatusOr<std::vector<Snapshot>> SnapshotTable::List() {
  return Snapshots().Select(connection_, "snapshots WHERE state <> ? ORDER BY seq", SnapshotState::kDeleted);
}

absl::StatusOr<std::vector<Snapshot>> SnapshotTable::ListPending(absl::Span<const VolumeId> volumes) {
  return Snapshots().Select(connection_,
                            "(SELECT value AS wanted FROM json_each(?)) CROSS JOIN snapshots ON volume_id = wanted "
                            "WHERE state = ? ORDER BY seq",
                            store::JsonArrayOfIds(volumes), SnapshotState::kPending);
}

absl::StatusOr<std::vector<Snapshot>> SnapshotTable::ListInState(SnapshotState state) {
  return Snapshots().Select(connection_, "snapshots WHERE state = ? ORDER BY seq", state);
}

absl::StatusOr<int64_t> SnapshotTable::CountUsers(const SnapshotId& id) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT (SELECT count(*) FROM volumes WHERE layer_id = ?1 AND layer_id <> '') + "
      "(SELECT count(*) FROM snapshots WHERE below = ?1 AND below <> '') + "
      "(SELECT count(*) FROM snapshots WHERE layer_id = ?1 AND id <> ?1)",
      [&](store::Row& row) { row.Read(count); }, id));
  return count;
}

}  // namespace brume::storage
