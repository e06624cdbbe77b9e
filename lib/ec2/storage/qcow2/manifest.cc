#include "lib/ec2/storage/qcow2/manifest.h"

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace brume::storage {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Of the files' form; a reader refuses what it does not know.
constexpr int kFormat = 1;

// Bytes that are not UTF-8 are replaced: the dump must not throw.
std::string Dump(const OrderedJson& json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

template <typename T>
bool Get(const OrderedJson& json, const char* key, T& value) {
  const auto it = json.find(key);
  if (it == json.end()) return false;
  const auto* found = it->get_ptr<const T*>();
  if (found == nullptr) return false;
  value = *found;
  return true;
}

}  // namespace

std::string VolumeManifest(const Volume& volume, int64_t size_bytes) {
  return Dump({{"format", kFormat},
               {"id", volume.id.text()},
               {"layer_id", volume.layer_id},
               {"disk", volume.disk_file},
               {"snapshot_id", volume.snapshot_id.text()},
               {"size_gib", volume.size_gib},
               {"size_bytes", size_bytes},
               {"type", std::string(kVolumeTypeNames.Of(volume.type))},
               {"availability_zone", volume.availability_zone},
               {"created", absl::FormatTime(absl::RFC3339_full, volume.created, absl::UTCTimeZone())},
               {"made_for_instance", volume.instance_id.text()},
               {"device_name", volume.device_name},
               {"delete_on_termination", volume.delete_on_termination}});
}

std::string SnapshotManifest(const VolumeSnapshot& snapshot, int64_t virtual_size_bytes) {
  return Dump({{"format", kFormat},
               {"id", snapshot.id.text()},
               {"volume_id", snapshot.volume_id.text()},
               {"description", snapshot.description},
               {"started", absl::FormatTime(absl::RFC3339_full, snapshot.started, absl::UTCTimeZone())},
               {"size_gib", snapshot.size_gib},
               {"below", snapshot.below},
               {"disk", kLayerDisk},
               {"kernel", ""},
               {"initrd", ""},
               {"command_line", ""},
               {"root_device_name", ""},
               {"virtual_size_bytes", virtual_size_bytes}});
}

std::string LayerManifest(const ImageId& id, const std::string& location, const ImportedImage& imported) {
  OrderedJson json = {{"format", kFormat},
                      {"id", id.text()},
                      {"location", location},
                      {"disk", imported.disk_file},
                      {"kernel", imported.kernel_file},
                      {"initrd", imported.initrd_file},
                      {"command_line", imported.command_line},
                      {"root_device_name", imported.root_device_name},
                      {"virtual_size_bytes", imported.virtual_size_bytes}};
  if (imported.boot_mode.has_value()) json["boot_mode"] = static_cast<int64_t>(*imported.boot_mode);
  return Dump(json);
}

absl::StatusOr<ImportedImage> ParseLayerManifest(const std::string& text) {
  const OrderedJson json = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  ImportedImage imported;
  int64_t format = 0;
  const bool whole = json.is_object() && Get(json, "format", format) && format == kFormat &&
                     Get(json, "disk", imported.disk_file) && Get(json, "kernel", imported.kernel_file) &&
                     Get(json, "initrd", imported.initrd_file) && Get(json, "command_line", imported.command_line) &&
                     Get(json, "root_device_name", imported.root_device_name) &&
                     Get(json, "virtual_size_bytes", imported.virtual_size_bytes);
  if (!whole) return absl::DataLossError("layer.json is damaged, or of a version unknown here");
  if (int64_t boot_mode = 0; Get(json, "boot_mode", boot_mode)) imported.boot_mode = static_cast<BootMode>(boot_mode);
  return imported;
}

}  // namespace brume::storage
