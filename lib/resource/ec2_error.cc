#include "lib/resource/ec2_error.h"

#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"

namespace brume::ec2 {
namespace {

constexpr char kPayload[] = "brume.ec2.code";

absl::StatusCode ToStatusCode(absl::string_view code) {
  if (absl::StrContains(code, "NotFound") || absl::StrContains(code, "Unavailable") || code == "NoSuchEntity") {
    return absl::StatusCode::kNotFound;
  }
  if (absl::StrContains(code, "Duplicate") || absl::StrContains(code, "AlreadyExists")) {
    return absl::StatusCode::kAlreadyExists;
  }
  if (absl::StartsWith(code, "Incorrect") || code == "OperationNotPermitted" || code == "DependencyViolation" ||
      code == "InvalidIPAddress.InUse" || code == "DeleteConflict" || code == "DryRunOperation") {
    return absl::StatusCode::kFailedPrecondition;
  }
  if (code == "UnauthorizedOperation" || code == "AccessDenied" || code == "AuthFailure")
    return absl::StatusCode::kPermissionDenied;
  if (absl::StartsWith(code, "Insufficient") || absl::EndsWith(code, "LimitExceeded")) {
    return absl::StatusCode::kResourceExhausted;
  }
  if (code == "InternalError") return absl::StatusCode::kInternal;
  return absl::StatusCode::kInvalidArgument;
}

}  // namespace

absl::Status Error(absl::string_view code, absl::string_view message) {
  absl::Status status(ToStatusCode(code), message);
  status.SetPayload(kPayload, absl::Cord(code));
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
