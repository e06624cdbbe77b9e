#include "lib/gateway/public_error.h"

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {

absl::Status PublicError(const absl::Status& status, absl::string_view request_id) {
  if (status.ok() || ec2::HasErrorCode(status)) return status;
  if (absl::IsUnimplemented(status)) return ec2::Error("UnsupportedOperation", status.message());
  log::Error("failed inside: {}", status.ToString());
  const std::string where = absl::StrCat("; the daemon's log has the details under request ", request_id);
  if (absl::IsResourceExhausted(status)) {
    return absl::ResourceExhaustedError(absl::StrCat("Too much is asked for at this moment", where));
  }
  if (absl::IsUnavailable(status)) {
    // What is missing (room on the disk, libvirt) is for the administrator to bring back, and callers are that.
    return absl::UnavailableError(absl::StrCat(status.message(), where));
  }
  return ec2::Error("InternalError", absl::StrCat("An internal error has occurred", where));
}

}  // namespace brume::gateway
