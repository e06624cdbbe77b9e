#include "lib/ec2/storage/tables/image_table.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Images() {
  static const auto table = store::DescribeTable<Image>(
      "images", "image", store::Key("id", &Image::id), store::Version(&Image::version),
      store::Column("name", &Image::name), store::Column("description", &Image::description),
      store::Column("location", &Image::location), store::Column("architecture", &Image::architecture),
      store::Column("state", &Image::state),
      store::Column("state_reason_code", &Image::state_reason, &StateReason::code),
      store::Column("state_reason_message", &Image::state_reason, &StateReason::message),
      store::Column("created", &Image::created), store::Column("root_device_name", &Image::root_device_name),
      store::Column("boot_mode", &Image::boot_mode), store::Column("disk_file", &Image::disk_file),
      store::Column("kernel_file", &Image::kernel_file), store::Column("initrd_file", &Image::initrd_file),
      store::Column("command_line", &Image::command_line),
      store::Column("virtual_size_bytes", &Image::virtual_size_bytes),
      store::Column("root_delete_on_termination", &Image::root_delete_on_termination),
      store::Column("root_snapshot_id", &Image::root_snapshot_id),
      store::Column("boot_image_id", &Image::boot_image_id), store::Json("data_disks", &Image::data_disks),
      store::Column("source_instance_id", &Image::source_instance_id),
      store::Column("source_image_id", &Image::source_image_id), store::Json("launchable_by", &Image::launchable_by),
      store::Column("deprecated_at", &Image::deprecated_at), store::Column("catalogue_name", &Image::catalogue_name),
      store::Column("owner_alias", &Image::owner_alias), store::Column("protection", &Image::protection),
      store::Column("protected_until", &Image::protected_until), store::Column("imds_v2", &Image::imds_v2),
      store::Column("last_launched", &Image::last_launched), store::Column("import_key_id", &Image::import_key_id),
      store::Unmapped("seq"));
  return table;
}

absl::Status NameTaken(const absl::Status& status, const Image& image) {
  if (!store::Violates(status, "images.name")) return status;
  return ec2::Error("InvalidAMIName.Duplicate", absl::StrCat("AMI name ", image.name, " is already in use"));
}

}  // namespace

store::TableDescription ImageTable::Describe() { return Images().Describe(); }

absl::Status ImageTable::Insert(const Image& image) { return NameTaken(Images().Insert(connection_, image), image); }

absl::StatusOr<Image> ImageTable::Get(const ImageId& id) { return Images().Get(connection_, id); }

absl::Status ImageTable::Update(Image& image) { return NameTaken(Images().Update(connection_, image), image); }

absl::Status ImageTable::Delete(const ImageId& id) { return Images().Delete(connection_, id); }

absl::StatusOr<std::vector<Image>> ImageTable::List(bool with_deregistered) {
  return Images().Select(connection_, "images WHERE ? OR state <> ? ORDER BY seq", with_deregistered,
                         ImageState::kDeregistered);
}

absl::StatusOr<std::vector<Image>> ImageTable::ListOver(const SnapshotId& snapshot) {
  return Images().Select(connection_,
                         "images WHERE state <> ? AND (root_snapshot_id = ? OR instr(data_disks, ?) > 0) ORDER BY seq",
                         ImageState::kDeregistered, snapshot, snapshot);
}

absl::StatusOr<std::optional<ImageId>> ImageTable::NewestOfCatalogue(const std::string& catalogue_name) {
  ASSIGN_OR_RETURN(const std::optional<Image> newest,
                   Images().First(connection_,
                                  "images WHERE catalogue_name = ? AND catalogue_name <> '' AND state = ? "
                                  "ORDER BY created DESC, seq DESC LIMIT 1",
                                  catalogue_name, ImageState::kAvailable));
  return newest.has_value() ? std::optional<ImageId>(newest->id) : std::nullopt;
}

absl::StatusOr<int64_t> ImageTable::CountUsers(const ImageId& id) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT (SELECT count(*) FROM volumes WHERE layer_id = ?1 AND layer_id <> '') + "
      "(SELECT count(*) FROM snapshots WHERE below = ?1 AND below <> '') + "
      "(SELECT count(*) FROM snapshots WHERE layer_id = ?1) + "
      "(SELECT count(*) FROM images WHERE boot_image_id = ?1)",
      [&](store::Row& row) { row.Read(count); }, id));
  return count;
}

}  // namespace brume::storage
