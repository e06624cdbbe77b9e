#include "lib/ec2/storage/tables/volume_table.h"

#include <utility>

#include "absl/status/status.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/select_page.h"
#include "lib/store/connection.h"
#include "lib/store/enum_text.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Volumes() {
  static const auto table = store::DescribeTable<Volume>(
      "volumes", "volume", store::Key("id", &Volume::id), store::Version(&Volume::version),
      store::Column("snapshot_id", &Volume::snapshot_id), store::Column("layer_id", &Volume::layer_id),
      store::Column("disk_file", &Volume::disk_file), store::Column("size_gib", &Volume::size_gib),
      store::Encoded<store::EnumText>("type", &Volume::type), store::Column("iops", &Volume::iops),
      store::Column("throughput", &Volume::throughput),
      store::Fixed("initialization_rate", &Volume::initialization_rate), store::Column("encrypted", &Volume::encrypted),
      store::Column("data_key_id", &Volume::data_key_id), store::Column("state", &Volume::state),
      store::Column("availability_zone", &Volume::availability_zone), store::Column("created", &Volume::created),
      store::Column("instance_id", &Volume::instance_id), store::Column("device_name", &Volume::device_name),
      store::Column("attachment_state", &Volume::attachment_state), store::Column("attach_time", &Volume::attach_time),
      store::Column("delete_on_termination", &Volume::delete_on_termination),
      store::Column("auto_enable_io", &Volume::auto_enable_io), store::Fixed("client_token", &Volume::client_token),
      store::Fixed("parameters_digest", &Volume::parameters_digest), store::Unmapped("seq"));
  return table;
}

}  // namespace

store::TableDescription VolumeTable::Describe() { return Volumes().Describe(); }

absl::Status VolumeTable::Insert(const Volume& volume) { return Volumes().Insert(connection_, volume); }

absl::StatusOr<Volume> VolumeTable::Get(const VolumeId& id) { return Volumes().Get(connection_, id); }

absl::Status VolumeTable::Update(Volume& volume) {
  const absl::Status updated = Volumes().Update(connection_, volume);
  if (absl::IsAborted(updated)) RETURN_IF_ERROR(Get(volume.id).status());
  return updated;
}

absl::Status VolumeTable::Delete(const VolumeId& id) { return Volumes().Delete(connection_, id); }

absl::StatusOr<std::vector<Volume>> VolumeTable::List() {
  return Volumes().Select(connection_, "volumes ORDER BY seq");
}

absl::StatusOr<std::vector<Volume>> VolumeTable::ListPage(const ListQuery& query) {
  return SelectPage(Volumes(), connection_, "volumes", "TRUE", query);
}

absl::StatusOr<std::optional<Volume>> VolumeTable::FindByToken(const std::string& client_token) {
  ASSIGN_OR_RETURN(
      std::vector<Volume> found,
      Volumes().Select(connection_, "volumes WHERE client_token = ? AND client_token <> ''", client_token));
  return found.empty() ? std::nullopt : std::optional<Volume>(std::move(found.front()));
}

absl::StatusOr<std::vector<Volume>> VolumeTable::ListInWork() {
  // 0 and 3 are creating and deleting, and 0 and 1 modifying and optimizing, as literals so that the partial indexes
  // serve.
  return Volumes().Select(connection_,
                          "volumes WHERE instance_id IS NULL AND (state IN (0, 3) OR id IN "
                          "(SELECT volume_id FROM volume_modifications WHERE volume_modifications.state IN (0, 1))) "
                          "ORDER BY volumes.seq");
}

absl::StatusOr<int64_t> VolumeTable::SumOfSizes() {
  int64_t sum = 0;
  // 0 and 1 are modifying and optimizing, as literals so that the partial index serves.
  RETURN_IF_ERROR(connection_.Query(
      "SELECT gib + (SELECT coalesce(sum(max(coalesce(target_size_gib, 0) - size_gib, 0)), 0) FROM "
      "volume_modifications "
      "CROSS JOIN volumes ON id = volume_id WHERE volume_modifications.state IN (0, 1)) FROM volume_sizes",
      [&](store::Row& row) { row.Read(sum); }));
  return sum;
}

absl::StatusOr<std::vector<InstanceId>> VolumeTable::ListInstancesInWork() {
  // 1 is attached, as literal so that the partial index serves.
  return connection_.All(
      "SELECT instance_id FROM volumes WHERE instance_id IS NOT NULL AND attachment_state <> 1 UNION "
      "SELECT instance_id FROM volume_modifications JOIN volumes ON id = volume_id "
      "WHERE volume_modifications.state IN (0, 1) AND instance_id IS NOT NULL",
      [](store::Row& row) {
        InstanceId id;
        row.Read(id);
        return id;
      });
}

absl::StatusOr<std::vector<Volume>> VolumeTable::ListOf(absl::Span<const InstanceId> instances) {
  return Volumes().Select(connection_,
                          "(SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN volumes "
                          "ON instance_id = wanted ORDER BY place, seq",
                          store::JsonArrayOfIds(instances));
}

}  // namespace brume::storage
