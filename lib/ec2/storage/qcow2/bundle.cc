#include "lib/ec2/storage/qcow2/bundle.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume::storage {
namespace {

using Json = nlohmann::json;

absl::Status Invalid(absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat("image.json ", why)); }

// The text of a key; empty when it is not there.
absl::StatusOr<std::string> Text(const Json& object, const char* key, size_t max_bytes) {
  const auto it = object.find(key);
  if (it == object.end()) return "";
  const auto* text = it->get_ptr<const std::string*>();
  if (text == nullptr) return Invalid(absl::StrCat("has a '", key, "' that is not text"));
  if (text->size() > max_bytes) return Invalid(absl::StrCat("has a '", key, "' longer than ", max_bytes, " bytes"));
  const auto is_control = [](char c) { return absl::ascii_iscntrl(c); };
  if (std::any_of(text->begin(), text->end(), is_control)) {
    return Invalid(absl::StrCat("has control characters in '", key, "'"));
  }
  return *text;
}

// The name of a file beside image.json.
absl::StatusOr<std::string> FileName(const Json& object, const char* key) {
  ASSIGN_OR_RETURN(std::string name, Text(object, key, 255));
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '+';
  });
  if (!plain || (!name.empty() && name[0] == '.')) {
    return Invalid(absl::StrCat("has '", absl::CHexEscape(name), "' as '", key,
                                "': it must be the name of a file beside it, of letters, digits and ._-+"));
  }
  return name;
}

}  // namespace

absl::StatusOr<Bundle> ParseBundle(const std::string& json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Invalid("is not a JSON object");
  Bundle bundle;
  ASSIGN_OR_RETURN(bundle.name, Text(object, "name", 128));
  ASSIGN_OR_RETURN(const std::string architecture, Text(object, "architecture", 32));
  if (!architecture.empty() && architecture != "x86_64") {
    return Invalid(absl::StrCat("says architecture '", architecture, "'; this host runs x86_64"));
  }
  ASSIGN_OR_RETURN(bundle.disk, FileName(object, "disk"));
  ASSIGN_OR_RETURN(bundle.kernel, FileName(object, "kernel"));
  ASSIGN_OR_RETURN(bundle.initrd, FileName(object, "initrd"));
  if (bundle.disk.empty() && bundle.kernel.empty()) return Invalid("names neither a disk nor a kernel");
  ASSIGN_OR_RETURN(bundle.command_line, Text(object, "command_line", 2047));  // COMMAND_LINE_SIZE of x86
  if (bundle.kernel.empty() && !(bundle.initrd.empty() && bundle.command_line.empty())) {
    return Invalid("has an initrd or a command line but no kernel");
  }
  ASSIGN_OR_RETURN(bundle.root_device_name, Text(object, "root_device_name", 37));
  if (absl::string_view device = bundle.root_device_name; !device.empty()) {
    const bool good = absl::ConsumePrefix(&device, "/dev/") && !device.empty() &&
                      std::all_of(device.begin(), device.end(), [](char c) { return absl::ascii_isalnum(c); });
    if (!good) return Invalid("has a 'root_device_name' that is not like /dev/vda");
  }
  ASSIGN_OR_RETURN(const std::string boot_mode, Text(object, "boot_mode", 32));
  bundle.boot_mode = FindBootMode(boot_mode);
  if (!bundle.boot_mode.has_value() && !boot_mode.empty()) {
    return Invalid(absl::StrCat("has boot_mode '", boot_mode, "'; known are legacy-bios, uefi and uefi-preferred"));
  }
  return bundle;
}

}  // namespace brume::storage
