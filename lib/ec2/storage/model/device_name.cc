#include "lib/ec2/storage/model/device_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/resource/ec2_error.h"

namespace brume {

absl::Status CheckDeviceName(absl::string_view name) {
  absl::string_view rest = name;
  absl::ConsumePrefix(&rest, "/dev/");
  // Letters of the disk, then the number of a partition, as the kernel's names have them.
  const bool known =
      absl::ConsumePrefix(&rest, "sd") || absl::ConsumePrefix(&rest, "xvd") || absl::ConsumePrefix(&rest, "vd");
  const auto digits = std::find_if_not(rest.begin(), rest.end(), [](char c) { return absl::ascii_islower(c); });
  const auto letters = digits - rest.begin(), numbers = rest.end() - digits;
  const bool good = known && letters >= 1 && letters <= 2 && numbers <= 2 &&
                    std::all_of(digits, rest.end(), [](char c) { return absl::ascii_isdigit(c); });
  if (good) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", absl::CHexEscape(name.substr(0, 64)), ") for parameter device is invalid. ",
                                 "It is not a valid EBS device name; take one such as /dev/sdf."));
}

bool LeavesOut(std::optional<absl::string_view> no_device, bool has_volume) {
  return no_device.has_value() && !(no_device->empty() && has_volume);
}

absl::Status CheckVirtualName(absl::string_view name) {
  absl::string_view number = name;
  int place = 0;
  if (absl::ConsumePrefix(&number, "ephemeral") && absl::SimpleAtoi(number, &place) && place >= 0 && place <= 23) {
    return absl::OkStatus();
  }
  return ec2::Error("InvalidBlockDeviceMapping",
                    absl::StrCat("The virtual name '", absl::CHexEscape(name.substr(0, 64)),
                                 "' is not that of an instance store volume, ephemeral0 to ephemeral23"));
}

}  // namespace brume
