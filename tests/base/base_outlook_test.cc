// Which failures are tried again.
#include <catch2/catch.hpp>

#include "lib/base/outlook.h"

namespace brume {

TEST_CASE("what was full, busy or not reached may pass, what is bad or lost does not, and the rest is not known",
          "[base]") {
  using absl::StatusCode;
  struct Case {
    StatusCode code;
    Outlook outlook;
  };
  for (const Case& each : {Case{StatusCode::kResourceExhausted, Outlook::kMayPass},
                           {StatusCode::kUnavailable, Outlook::kMayPass},
                           {StatusCode::kDeadlineExceeded, Outlook::kMayPass},
                           {StatusCode::kAborted, Outlook::kMayPass},
                           {StatusCode::kInvalidArgument, Outlook::kHopeless},
                           {StatusCode::kUnimplemented, Outlook::kHopeless},
                           {StatusCode::kDataLoss, Outlook::kHopeless},
                           {StatusCode::kInternal, Outlook::kUnknown},
                           {StatusCode::kNotFound, Outlook::kUnknown},
                           {StatusCode::kFailedPrecondition, Outlook::kUnknown},
                           {StatusCode::kPermissionDenied, Outlook::kUnknown}}) {
    INFO(absl::StatusCodeToString(each.code));
    CHECK(OutlookOf(absl::Status(each.code, "why")) == each.outlook);
  }
}

}  // namespace brume
