#include "lib/ec2/compute/model/user_data.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/resource/ec2_error.h"

namespace brume {

absl::Status CheckUserDataSize(size_t bytes) {
  if (bytes <= kMaxUserDataBytes) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue", absl::StrCat("User data is limited to ", kMaxUserDataBytes,
                                                          " bytes before it is encoded; this is ", bytes));
}

absl::StatusOr<std::string> DecodeUserData(absl::string_view base64) {
  std::string raw;
  if (!absl::Base64Unescape(base64, &raw)) {
    return ec2::Error("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  }
  RETURN_IF_ERROR(CheckUserDataSize(raw.size()));
  return raw;
}

}  // namespace brume
