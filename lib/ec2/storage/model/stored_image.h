// What CreateStoreImageTask writes of an image beside its files, and CreateRestoreImageTask makes a row of. It is
// stored as JSON by these names (lib/base/fields_json.h): a name never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/fields.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume {

struct StoredTag {
  std::optional<std::string> key, value;
  static constexpr auto Fields() {
    return std::tuple(Field{"key", &StoredTag::key}, Field{"value", &StoredTag::value});
  }
};

struct StoredImage {
  std::optional<std::string> name, description, boot_mode, root_device_name;
  std::optional<int32_t> root_size_gib;
  std::optional<bool> root_delete_on_termination, imds_v2;
  // Its volumes beside the root. Where one has a snapshot, the member DataMember of its number holds that's bytes.
  std::vector<ImageDisk> disks;
  std::optional<ImageDisk> root;
  std::vector<StoredTag> tags;
  static constexpr auto Fields() {
    return std::tuple(Field{"name", &StoredImage::name}, Field{"description", &StoredImage::description},
                      Field{"boot_mode", &StoredImage::boot_mode},
                      Field{"root_device_name", &StoredImage::root_device_name},
                      Field{"root_size_gib", &StoredImage::root_size_gib},
                      Field{"root_delete_on_termination", &StoredImage::root_delete_on_termination},
                      Field{"imds_v2", &StoredImage::imds_v2}, Field{"disks", &StoredImage::disks},
                      Field{"root", &StoredImage::root}, Field{"tags", &StoredImage::tags});
  }
};

// Names in the archive: a bundle (lib/ec2/storage/qcow2/bundle.h) and what is more than that. The description is first.
inline constexpr char kStoreDescription[] = "store.json", kStoreBundle[] = "image.json", kStoreDisk[] = "disk.qcow2",
                      kStoreKernel[] = "kernel", kStoreInitrd[] = "initrd";
inline std::string DataMember(size_t number) { return absl::StrCat("data-", number, ".qcow2"); }

// A pending image whose files come from a stored one; its location is "BUCKET/KEY".
inline bool IsRestored(const Image& image) {
  return image.state == ImageState::kPending && !HasDisk(image) && !image.location.empty() &&
         image.location[0] != '/' && image.location.rfind("file:", 0) != 0;
}

}  // namespace brume
