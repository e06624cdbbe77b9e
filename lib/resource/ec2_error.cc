#include "lib/resource/ec2_error.h"

#include <optional>

#include "absl/strings/cord.h"
#include "lib/base/utf8.h"

namespace brume::ec2 {
namespace {

constexpr char kPayload[] = "brume.ec2.code";
constexpr size_t kMaxMessageBytes = 4096;

}  // namespace

absl::Status Error(KnownCode code, absl::string_view message) {
  // It may repeat what a caller sent, of any length and any bytes.
  absl::Status status(code.status(), CutUtf8(ToUtf8(message), kMaxMessageBytes));
  status.SetPayload(kPayload, absl::Cord(code.text()));
  return status;
}

std::string ErrorCode(const absl::Status& status) {
  if (status.ok()) return "";
  if (const auto payload = status.GetPayload(kPayload); payload) return std::string(*payload);
  if (absl::IsResourceExhausted(status)) return "RequestLimitExceeded";
  if (absl::IsUnavailable(status)) return "Unavailable";
  return "InternalError";
}

bool HasErrorCode(const absl::Status& status) { return status.GetPayload(kPayload).has_value(); }

}  // namespace brume::ec2
