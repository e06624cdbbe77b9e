#include "lib/ec2/storage/tables/record_table.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/store/row_record.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Changes() {
  static const auto table =
      store::DescribeTable<StorageChange>("storage_changes", "change", store::Key("id", &StorageChange::id),
                                          store::Column("change", &StorageChange::change));
  return table;
}

std::optional<store::TableDescription> TableOf(const std::string& id) {
  if (IsWellFormedId(ImageId::kKind, id)) return ImageTable::Describe();
  if (IsWellFormedId(SnapshotId::kKind, id)) return SnapshotTable::Describe();
  if (IsWellFormedId(VolumeId::kKind, id)) return VolumeTable::Describe();
  return std::nullopt;
}

std::string ReadText(store::Row& row) {
  std::string text;
  row.Read(text);
  return text;
}

}  // namespace

store::TableDescription RecordTable::Describe() { return Changes().Describe(); }

absl::StatusOr<std::vector<StorageChange>> RecordTable::ListChanges(int max) {
  return Changes().Select(connection_, "storage_changes LIMIT ?", max);
}

absl::Status RecordTable::DeleteChange(const StorageChange& change) {
  return connection_.Run("DELETE FROM storage_changes WHERE id = ? AND change = ?", change.id, change.change);
}

absl::StatusOr<std::optional<std::string>> RecordTable::Compose(const std::string& id) {
  const std::optional<store::TableDescription> table = TableOf(id);
  if (!table.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::optional<std::string> row, store::RowToJson(connection_, *table, id));
  if (!row.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string tags, tagging::GetTagsJson(connection_, id));
  return connection_.First(
      "SELECT json_object('format', 1, 'id', ?, 'row', json(?), 'tags', json(?), 'recycle_bin', "
      "(SELECT json_object('entered', entered, 'exits', exits, 'tags', tags, 'disabled', disabled) FROM recycle_bin "
      "WHERE recycle_bin.id = ?))",
      ReadText, id, *row, tags, id);
}

absl::StatusOr<bool> RecordTable::Knows(const std::string& id) {
  ASSIGN_OR_RETURN(const std::optional<StorageChange> change, Changes().Find(connection_, id));
  if (change.has_value()) return true;
  const std::optional<store::TableDescription> table = TableOf(id);
  if (!table.has_value()) return false;
  ASSIGN_OR_RETURN(const std::optional<std::string> row, store::RowToJson(connection_, *table, id));
  return row.has_value();
}

absl::StatusOr<int64_t> RecordTable::TimeOf(const std::string& record) {
  ASSIGN_OR_RETURN(const auto valid, connection_.First("SELECT 'yes' WHERE json_valid(?)", ReadText, record));
  if (!valid.has_value()) return 0;
  ASSIGN_OR_RETURN(const std::optional<int64_t> time,
                   connection_.First(
                       "SELECT CAST(coalesce(json_extract(text, '$.row.created'), json_extract(text, '$.row.started'), "
                       "0) AS INTEGER) FROM (SELECT ? AS text)",
                       [](store::Row& row) {
                         int64_t found = 0;
                         row.Read(found);
                         return found;
                       },
                       record));
  return time.value_or(0);
}

absl::StatusOr<std::string> RecordTable::Restore(const std::string& id, const std::string& record) {
  const std::optional<store::TableDescription> table = TableOf(id);
  if (!table.has_value()) return absl::InvalidArgumentError("it is a record of nothing that is known here");
  RETURN_IF_ERROR(store::InsertFromJson(connection_, *table, record, {"instance_id"}));
  ASSIGN_OR_RETURN(const auto known,
                   connection_.First("SELECT 'yes' WHERE json_extract(?, '$.format') = 1", ReadText, record));
  if (!known.has_value()) return absl::InvalidArgumentError("it is of a version that is unknown here");
  RETURN_IF_ERROR(tagging::InsertTagsJson(connection_, id, record, "$.tags"));
  RETURN_IF_ERROR(connection_.Run(
      "INSERT INTO recycle_bin (id, entered, exits, tags, disabled) SELECT ?, "
      "json_extract(text, '$.recycle_bin.entered'), json_extract(text, '$.recycle_bin.exits'), "
      "json_extract(text, '$.recycle_bin.tags'), coalesce(json_extract(text, '$.recycle_bin.disabled'), 0) "
      "FROM (SELECT ? AS text) "
      "WHERE json_extract(text, '$.recycle_bin') IS NOT NULL",
      id, record));
  if (table->name == ImageTable::Describe().name) {
    ASSIGN_OR_RETURN(const Image image, ImageTable(connection_).Get(ImageId::FromTrusted(id)));
    const bool own_boot = !image.kernel_file.empty() && image.boot_image_id.empty();
    return !image.disk_file.empty() || own_boot ? id : "";
  }
  if (table->name == SnapshotTable::Describe().name) {
    ASSIGN_OR_RETURN(const VolumeSnapshot snapshot, SnapshotTable(connection_).Get(SnapshotId::FromTrusted(id)));
    const bool whole = snapshot.state == SnapshotState::kCompleted || snapshot.state == SnapshotState::kDeleted;
    return whole ? snapshot.layer_id : "";
  }
  ASSIGN_OR_RETURN(Volume volume, VolumeTable(connection_).Get(VolumeId::FromTrusted(id)));
  Release(volume);
  if (volume.state == VolumeState::kInUse) volume.state = VolumeState::kAvailable;
  RETURN_IF_ERROR(VolumeTable(connection_).Update(volume));
  return volume.state == VolumeState::kAvailable ? id : "";
}

}  // namespace brume::storage
