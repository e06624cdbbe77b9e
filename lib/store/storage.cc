#include "lib/store/storage.h"

#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/domain/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::store {
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

Image ReadImage(Row& row) {
  Image image;
  row.Read(image.id, image.version, ImageFields(image));
  return image;
}

absl::Status NameTaken(const absl::Status& status, const Image& image) {
  if (!Violates(status, "images.name")) return status;
  return ec2::Error("InvalidAMIName.Duplicate", absl::StrCat("AMI name ", image.name, " is already in use"));
}

constexpr char kVolumeColumns[] =
    "image_id, size_gib, type, state, availability_zone, created, instance_id, device_name, attach_time, "
    "delete_on_termination";
template <typename AnyVolume>
auto VolumeFields(AnyVolume& v) {
  return std::tie(v.image_id, v.size_gib, v.type, v.state, v.availability_zone, v.created, v.instance_id, v.device_name,
                  v.attach_time, v.delete_on_termination);
}
constexpr int kVolumeFieldCount = std::tuple_size_v<decltype(VolumeFields(std::declval<Volume&>()))>;

Volume ReadVolume(Row& row) {
  Volume volume;
  row.Read(volume.id, VolumeFields(volume));
  return volume;
}

}  // namespace

absl::Status Images::Insert(const Image& image) {
  static const std::string sql = absl::StrCat("INSERT INTO images (id, version, ", kImageColumns, ") VALUES (",
                                              Placeholders(2 + kImageFieldCount), ")");
  return NameTaken(connection_.Run(sql, image.id, image.version, ImageFields(image)), image);
}

absl::StatusOr<Image> Images::Get(const ImageId& id) {
  static const std::string sql = absl::StrCat("SELECT id, version, ", kImageColumns, " FROM images WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Image> found, connection_.First(sql, ReadImage, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::Status Images::Update(Image& image) {
  static const std::string sql = absl::StrCat("UPDATE images SET (version, ", kImageColumns, ") = (version + 1, ",
                                              Placeholders(kImageFieldCount), ") WHERE id = ? AND version = ?");
  RETURN_IF_ERROR(NameTaken(connection_.Run(sql, ImageFields(image), image.id, image.version), image));
  if (connection_.changed_rows() == 0) {
    return absl::AbortedError(absl::StrCat("image ", image.id.text(), " was changed by someone else meanwhile"));
  }
  ++image.version;
  return absl::OkStatus();
}

absl::Status Images::Delete(const ImageId& id) { return connection_.Run("DELETE FROM images WHERE id = ?", id); }

absl::StatusOr<std::vector<Image>> Images::List(bool with_deregistered) {
  static const std::string sql =
      absl::StrCat("SELECT id, version, ", kImageColumns, " FROM images WHERE ? OR state <> ? ORDER BY seq");
  return connection_.All(sql, ReadImage, with_deregistered, ImageState::kDeregistered);
}

absl::StatusOr<int64_t> Images::CountUsers(const ImageId& id) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      // 48 = terminated, as literal so that the partial index serves.
      "SELECT (SELECT count(*) FROM volumes WHERE image_id = ?1) + "
      "(SELECT count(*) FROM instances WHERE image_id = ?1 AND state <> 48)",
      [&](Row& row) { row.Read(count); }, id));
  return count;
}

absl::Status Volumes::Insert(const Volume& volume) {
  static const std::string sql =
      absl::StrCat("INSERT INTO volumes (id, ", kVolumeColumns, ") VALUES (", Placeholders(1 + kVolumeFieldCount), ")");
  return connection_.Run(sql, volume.id, VolumeFields(volume));
}

absl::StatusOr<Volume> Volumes::Get(const VolumeId& id) {
  static const std::string sql = absl::StrCat("SELECT id, ", kVolumeColumns, " FROM volumes WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Volume> found, connection_.First(sql, ReadVolume, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::Status Volumes::Update(const Volume& volume) {
  static const std::string sql =
      absl::StrCat("UPDATE volumes SET (", kVolumeColumns, ") = (", Placeholders(kVolumeFieldCount), ") WHERE id = ?");
  RETURN_IF_ERROR(connection_.Run(sql, VolumeFields(volume), volume.id));
  return connection_.changed_rows() == 0 ? volume.id.NotFound() : absl::OkStatus();
}

absl::Status Volumes::Delete(const VolumeId& id) { return connection_.Run("DELETE FROM volumes WHERE id = ?", id); }

absl::StatusOr<std::vector<Volume>> Volumes::List() {
  static const std::string sql = absl::StrCat("SELECT id, ", kVolumeColumns, " FROM volumes ORDER BY seq");
  return connection_.All(sql, ReadVolume);
}

absl::StatusOr<std::vector<Volume>> Volumes::ListOf(absl::Span<const InstanceId> instances) {
  static const std::string sql =
      absl::StrCat("SELECT id, ", kVolumeColumns,
                   " FROM (SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN volumes "
                   "ON instance_id = wanted ORDER BY place, seq");
  return connection_.All(sql, ReadVolume, JsonArrayOfIds(instances));
}

}  // namespace brume::store
