// CloudWatch's two errors of input.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {

inline absl::Status Invalid(absl::string_view message) { return ec2::Error("ValidationError", message); }

// InvalidParameterValue, as the metrics' actions say it.
inline absl::Status Invalid(absl::string_view parameter, absl::string_view why) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("The value for parameter ", parameter, " is invalid. ", why));
}

}  // namespace brume::cloudwatch
