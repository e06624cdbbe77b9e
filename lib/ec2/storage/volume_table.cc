#include "lib/ec2/storage/volume_table.h"

#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::storage {
namespace {

constexpr char kVolumeColumns[] =
    "image_id, size_gib, type, state, availability_zone, created, instance_id, device_name, attach_time, "
    "delete_on_termination";
template <typename AnyVolume>
auto VolumeFields(AnyVolume& v) {
  return std::tie(v.image_id, v.size_gib, v.type, v.state, v.availability_zone, v.created, v.instance_id, v.device_name,
                  v.attach_time, v.delete_on_termination);
}
constexpr int kVolumeFieldCount = std::tuple_size_v<decltype(VolumeFields(std::declval<Volume&>()))>;

Volume ReadVolume(store::Row& row) {
  Volume volume;
  row.Read(volume.id, VolumeFields(volume));
  return volume;
}

}  // namespace

absl::Status VolumeTable::Insert(const Volume& volume) {
  static const std::string sql = absl::StrCat("INSERT INTO volumes (id, ", kVolumeColumns, ") VALUES (",
                                              store::Placeholders(1 + kVolumeFieldCount), ")");
  return connection_.Run(sql, volume.id, VolumeFields(volume));
}

absl::StatusOr<Volume> VolumeTable::Get(const VolumeId& id) {
  static const std::string sql = absl::StrCat("SELECT id, ", kVolumeColumns, " FROM volumes WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Volume> found, connection_.First(sql, ReadVolume, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::Status VolumeTable::Update(const Volume& volume) {
  static const std::string sql = absl::StrCat("UPDATE volumes SET (", kVolumeColumns, ") = (",
                                              store::Placeholders(kVolumeFieldCount), ") WHERE id = ?");
  RETURN_IF_ERROR(connection_.Run(sql, VolumeFields(volume), volume.id));
  return connection_.changed_rows() == 0 ? volume.id.NotFound() : absl::OkStatus();
}

absl::Status VolumeTable::Delete(const VolumeId& id) { return connection_.Run("DELETE FROM volumes WHERE id = ?", id); }

absl::StatusOr<std::vector<Volume>> VolumeTable::List() {
  static const std::string sql = absl::StrCat("SELECT id, ", kVolumeColumns, " FROM volumes ORDER BY seq");
  return connection_.All(sql, ReadVolume);
}

absl::StatusOr<std::vector<Volume>> VolumeTable::ListOf(absl::Span<const InstanceId> instances) {
  static const std::string sql =
      absl::StrCat("SELECT id, ", kVolumeColumns,
                   " FROM (SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN volumes "
                   "ON instance_id = wanted ORDER BY place, seq");
  return connection_.All(sql, ReadVolume, store::JsonArrayOfIds(instances));
}

}  // namespace brume::storage
