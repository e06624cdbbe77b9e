// Whether what failed is worth another try: asked by every reconciler.
#pragma once

#include "absl/status/status.h"

namespace brume {

enum class FailureKind {
  kTransient,  // something was full, busy, lost a race or was not reached: try again
  kUnknown,    // what failed does not say; how long to try is the caller's to know
  kPermanent,  // the input is bad, what it takes is lost, or it cannot be done here
};

// Of a status that is not OK.
inline FailureKind FailureKindOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
      return FailureKind::kTransient;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kDataLoss:
      return FailureKind::kPermanent;
    default:
      return FailureKind::kUnknown;
  }
}

}  // namespace brume
