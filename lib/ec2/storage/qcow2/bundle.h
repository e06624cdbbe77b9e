// image.json of a bundle; the one place that reads JSON of strangers.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume::storage {

// image.json, checked: names are plain, values within bounds.
struct Bundle {
  std::string name;
  std::string disk, kernel, initrd;  // empty = has none
  std::string command_line;
  std::string root_device_name;
  std::optional<BootMode> boot_mode;
};
inline constexpr size_t kMaxBundleBytes = 64 * 1024;
// Pure. Error: InvalidArgument.
absl::StatusOr<Bundle> ParseBundle(const std::string& json);

}  // namespace brume::storage
