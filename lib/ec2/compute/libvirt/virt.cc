#include "lib/ec2/compute/libvirt/virt.h"

#include "absl/strings/str_cat.h"

namespace brume::compute {
namespace {

absl::StatusCode CodeOf(int code) {
  switch (code) {
    case VIR_ERR_NO_DOMAIN:
      return absl::StatusCode::kNotFound;
    case VIR_ERR_DOM_EXIST:
      return absl::StatusCode::kAlreadyExists;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_INVALID_CONN:
    case VIR_ERR_RPC:
    case VIR_ERR_SYSTEM_ERROR:
      return absl::StatusCode::kUnavailable;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_AGENT_UNRESPONSIVE:
      return absl::StatusCode::kDeadlineExceeded;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
      return absl::StatusCode::kUnimplemented;
    case VIR_ERR_OPERATION_INVALID:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status LastVirtError(absl::string_view what) {
  const virErrorPtr error = virGetLastError();
  if (error == nullptr || error->code == VIR_ERR_OK) {
    return absl::InternalError(absl::StrCat("cannot ", what, ": libvirt gives no reason"));
  }
  absl::StatusCode code = CodeOf(error->code);
  // A system error from the RPC layer is a broken connection; one from a driver is a file or a process.
  if (error->code == VIR_ERR_SYSTEM_ERROR && error->domain != VIR_FROM_RPC) code = absl::StatusCode::kInternal;
  // "client socket is closed" of a connection that has just broken comes as an internal error of the RPC layer.
  if (error->code == VIR_ERR_INTERNAL_ERROR && error->domain == VIR_FROM_RPC) code = absl::StatusCode::kUnavailable;
  return absl::Status(code, absl::StrCat("cannot ", what, ": ", error->message == nullptr ? "" : error->message));
}

}  // namespace brume::compute
