#include "lib/gateway/time_text.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {

absl::StatusOr<absl::Time> ParseTime(absl::string_view text) {
  absl::Time time;
  std::string why;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &why)) return time;
  return ec2::Error("InvalidParameterValue", absl::StrCat("'", text.substr(0, 100), "' is not a valid time: ", why));
}

std::string RenderTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()); }

}  // namespace brume::gateway
