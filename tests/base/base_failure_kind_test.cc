// Which failures are tried again.
#include <catch2/catch.hpp>

#include "lib/base/failure_kind.h"

namespace brume {

TEST_CASE("what was full, busy or not reached may pass, what is bad or lost does not, and the rest is not known",
          "[base]") {
  using absl::StatusCode;
  struct Case {
    StatusCode code;
    FailureKind kind;
  };
  for (const Case& each : {Case{StatusCode::kResourceExhausted, FailureKind::kTransient},
                           {StatusCode::kUnavailable, FailureKind::kTransient},
                           {StatusCode::kDeadlineExceeded, FailureKind::kTransient},
                           {StatusCode::kAborted, FailureKind::kTransient},
                           {StatusCode::kInvalidArgument, FailureKind::kPermanent},
                           {StatusCode::kUnimplemented, FailureKind::kPermanent},
                           {StatusCode::kDataLoss, FailureKind::kPermanent},
                           {StatusCode::kInternal, FailureKind::kUnknown},
                           {StatusCode::kNotFound, FailureKind::kUnknown},
                           {StatusCode::kFailedPrecondition, FailureKind::kUnknown},
                           {StatusCode::kPermissionDenied, FailureKind::kUnknown}}) {
    INFO(absl::StatusCodeToString(each.code));
    CHECK(FailureKindOf(absl::Status(each.code, "why")) == each.kind);
  }
}

}  // namespace brume
