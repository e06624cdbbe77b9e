#include "lib/ec2/storage/image_table.h"

#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::storage {
namespace {

// All but id and version, in one order for reading and writing.
constexpr char kImageColumns[] =
    "name, description, location, architecture, state, state_reason_code, state_reason_message, created, "
    "root_device_name, boot_mode, disk_file, kernel_file, initrd_file, command_line, virtual_size_bytes, "
    "root_delete_on_termination";
template <typename AnyImage>
auto ImageFields(AnyImage& i) {
  return std::tie(i.name, i.description, i.location, i.architecture, i.state, i.state_reason.code,
                  i.state_reason.message, i.created, i.root_device_name, i.boot_mode, i.disk_file, i.kernel_file,
                  i.initrd_file, i.command_line, i.virtual_size_bytes, i.root_delete_on_termination);
}
constexpr int kImageFieldCount = std::tuple_size_v<decltype(ImageFields(std::declval<Image&>()))>;

Image ReadImage(store::Row& row) {
  Image image;
  row.Read(image.id, image.version, ImageFields(image));
  return image;
}

absl::Status NameTaken(const absl::Status& status, const Image& image) {
  if (!store::Violates(status, "images.name")) return status;
  return ec2::Error("InvalidAMIName.Duplicate", absl::StrCat("AMI name ", image.name, " is already in use"));
}

}  // namespace

absl::Status ImageTable::Insert(const Image& image) {
  static const std::string sql = absl::StrCat("INSERT INTO images (id, version, ", kImageColumns, ") VALUES (",
                                              store::Placeholders(2 + kImageFieldCount), ")");
  return NameTaken(connection_.Run(sql, image.id, image.version, ImageFields(image)), image);
}

absl::StatusOr<Image> ImageTable::Get(const ImageId& id) {
  static const std::string sql = absl::StrCat("SELECT id, version, ", kImageColumns, " FROM images WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Image> found, connection_.First(sql, ReadImage, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::Status ImageTable::Update(Image& image) {
  static const std::string sql = absl::StrCat("UPDATE images SET (version, ", kImageColumns, ") = (version + 1, ",
                                              store::Placeholders(kImageFieldCount), ") WHERE id = ? AND version = ?");
  RETURN_IF_ERROR(NameTaken(connection_.Run(sql, ImageFields(image), image.id, image.version), image));
  if (connection_.changed_rows() == 0) {
    return absl::AbortedError(absl::StrCat("image ", image.id.text(), " was changed by someone else meanwhile"));
  }
  ++image.version;
  return absl::OkStatus();
}

absl::Status ImageTable::Delete(const ImageId& id) { return connection_.Run("DELETE FROM images WHERE id = ?", id); }

absl::StatusOr<std::vector<Image>> ImageTable::List(bool with_deregistered) {
  static const std::string sql =
      absl::StrCat("SELECT id, version, ", kImageColumns, " FROM images WHERE ? OR state <> ? ORDER BY seq");
  return connection_.All(sql, ReadImage, with_deregistered, ImageState::kDeregistered);
}

absl::StatusOr<int64_t> ImageTable::CountUsers(const ImageId& id) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      // 48 = terminated, as literal so that the partial index serves.
      "SELECT (SELECT count(*) FROM volumes WHERE image_id = ?1) + "
      "(SELECT count(*) FROM instances WHERE image_id = ?1 AND state <> 48)",
      [&](store::Row& row) { row.Read(count); }, id));
  return count;
}

}  // namespace brume::storage
