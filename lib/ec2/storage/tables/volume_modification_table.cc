#include "lib/ec2/storage/tables/volume_modification_table.h"

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/enum_text.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

using Row = VolumeModification;

const auto& Modifications() {
  static const auto table = store::DescribeTable<Row>(
      "volume_modifications", "volume modification", store::Key("volume_id", &Row::volume_id),
      store::Version(&Row::version), store::Column("state", &Row::state),
      store::Column("status_message", &Row::status_message),
      store::Column("target_size_gib", &Row::target, &VolumeShape::size_gib),
      store::Encoded<store::EnumText>("target_type", &Row::target, &VolumeShape::type),
      store::Column("target_iops", &Row::target, &VolumeShape::iops),
      store::Column("target_throughput", &Row::target, &VolumeShape::throughput),
      store::Column("original_size_gib", &Row::original, &VolumeShape::size_gib),
      store::Encoded<store::EnumText>("original_type", &Row::original, &VolumeShape::type),
      store::Column("original_iops", &Row::original, &VolumeShape::iops),
      store::Column("original_throughput", &Row::original, &VolumeShape::throughput),
      store::Column("started", &Row::started), store::Column("ended", &Row::ended), store::Unmapped("seq"));
  return table;
}

}  // namespace

store::TableDescription VolumeModificationTable::Describe() { return Modifications().Describe(); }

absl::Status VolumeModificationTable::Put(const VolumeModification& modification) {
  RETURN_IF_ERROR(Modifications().Delete(connection_, modification.volume_id));
  return Modifications().Insert(connection_, modification);
}

absl::StatusOr<std::optional<VolumeModification>> VolumeModificationTable::Find(const VolumeId& id) {
  return Modifications().Find(connection_, id);
}

absl::Status VolumeModificationTable::Update(VolumeModification& modification) {
  return Modifications().Update(connection_, modification);
}

absl::StatusOr<std::vector<VolumeModification>> VolumeModificationTable::List() {
  return Modifications().Select(connection_, "volume_modifications ORDER BY seq");
}

}  // namespace brume::storage
