#include "lib/ec2/storage/volume_table.h"

#include "absl/status/status.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Volumes() {
  static const auto table = store::DescribeTable<Volume>(
      "volumes", "volume", store::Key("id", &Volume::id), store::Version(&Volume::version),
      store::Column("snapshot_id", &Volume::snapshot_id), store::Column("layer_id", &Volume::layer_id),
      store::Column("disk_file", &Volume::disk_file), store::Column("size_gib", &Volume::size_gib),
      store::Column("type", &Volume::type), store::Column("iops", &Volume::iops),
      store::Column("throughput", &Volume::throughput), store::Column("encrypted", &Volume::encrypted),
      store::Column("state", &Volume::state), store::Column("availability_zone", &Volume::availability_zone),
      store::Column("created", &Volume::created), store::Column("instance_id", &Volume::instance_id),
      store::Column("device_name", &Volume::device_name), store::Column("attachment_state", &Volume::attachment_state),
      store::Column("attach_time", &Volume::attach_time),
      store::Column("delete_on_termination", &Volume::delete_on_termination), store::Unmapped("seq"));
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

absl::StatusOr<std::vector<Volume>> VolumeTable::ListOf(absl::Span<const InstanceId> instances) {
  return Volumes().Select(connection_,
                          "(SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN volumes "
                          "ON instance_id = wanted ORDER BY place, seq",
                          store::JsonArrayOfIds(instances));
}

}  // namespace brume::storage
