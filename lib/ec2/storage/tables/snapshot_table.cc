#include "lib/ec2/storage/tables/snapshot_table.h"

#include "absl/status/status.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/select_page.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Snapshots() {
  static const auto table = store::DescribeTable<VolumeSnapshot>(
      "snapshots", "snapshot", store::Key("id", &VolumeSnapshot::id), store::Version(&VolumeSnapshot::version),
      store::Column("volume_id", &VolumeSnapshot::volume_id),
      store::Column("description", &VolumeSnapshot::description), store::Column("state", &VolumeSnapshot::state),
      store::Column("state_message", &VolumeSnapshot::state_message),
      store::Column("started", &VolumeSnapshot::started), store::Column("size_gib", &VolumeSnapshot::size_gib),
      store::Column("encrypted", &VolumeSnapshot::encrypted),
      store::Column("data_key_id", &VolumeSnapshot::data_key_id), store::Column("layer_id", &VolumeSnapshot::layer_id),
      store::Column("below", &VolumeSnapshot::below), store::Fixed("at_rest", &VolumeSnapshot::at_rest),
      store::Json("restorable_by", &VolumeSnapshot::restorable_by), store::Unmapped("seq"));
  return table;
}

}  // namespace

store::TableDescription SnapshotTable::Describe() { return Snapshots().Describe(); }

absl::Status SnapshotTable::Insert(const VolumeSnapshot& snapshot) { return Snapshots().Insert(connection_, snapshot); }

absl::StatusOr<VolumeSnapshot> SnapshotTable::Get(const SnapshotId& id) { return Snapshots().Get(connection_, id); }

absl::Status SnapshotTable::Update(VolumeSnapshot& snapshot) { return Snapshots().Update(connection_, snapshot); }

absl::Status SnapshotTable::Delete(const SnapshotId& id) { return Snapshots().Delete(connection_, id); }

absl::StatusOr<std::vector<VolumeSnapshot>> SnapshotTable::List() {
  return Snapshots().Select(connection_, "snapshots WHERE state <> ? ORDER BY seq", SnapshotState::kDeleted);
}

absl::StatusOr<std::vector<VolumeSnapshot>> SnapshotTable::ListPage(const ListQuery& query) {
  return SelectPage(Snapshots(), connection_, "snapshots", "state <> 3", query);  // 3 is deleted
}

absl::StatusOr<std::vector<VolumeSnapshot>> SnapshotTable::ListPending(absl::Span<const VolumeId> volumes) {
  return Snapshots().Select(connection_,
                            "(SELECT value AS wanted FROM json_each(?)) CROSS JOIN snapshots ON volume_id = wanted "
                            "WHERE state = ? ORDER BY seq",
                            store::JsonArrayOfIds(volumes), SnapshotState::kPending);
}

absl::StatusOr<std::vector<VolumeSnapshot>> SnapshotTable::ListInState(SnapshotState state) {
  return Snapshots().Select(connection_, "snapshots WHERE state = ? ORDER BY seq", state);
}

absl::StatusOr<std::vector<VolumeSnapshot>> SnapshotTable::ListChain(const SnapshotId& id) {
  return Snapshots().Select(connection_,
                            "(WITH RECURSIVE chain (link, place) AS (SELECT ?, 0 UNION ALL SELECT below, place + 1 "
                            "FROM chain JOIN snapshots ON snapshots.id = link WHERE below <> '') "
                            "SELECT link, place FROM chain) CROSS JOIN snapshots ON id = link ORDER BY place",
                            id);
}

absl::StatusOr<std::vector<SnapshotId>> SnapshotTable::ListDeeperThan(int layers) {
  std::vector<SnapshotId> ids;
  RETURN_IF_ERROR(connection_.Query(
      "WITH RECURSIVE chain (link, depth) AS ("
      "SELECT id, CASE WHEN below = '' THEN 1 ELSE 2 END FROM snapshots WHERE below NOT IN (SELECT id FROM snapshots) "
      "UNION ALL SELECT id, depth + 1 FROM chain JOIN snapshots ON below = link) "
      "SELECT link FROM chain WHERE depth > ?",
      [&](store::Row& row) { row.Read(ids.emplace_back()); }, layers));
  return ids;
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
