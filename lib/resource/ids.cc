#include "lib/resource/ids.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"
#include "lib/resource/ec2_error.h"

namespace brume {

bool IsWellFormedId(const Kind& kind, absl::string_view text) {
  if (!absl::ConsumePrefix(&text, kind.prefix) || !absl::ConsumePrefix(&text, "-")) return false;
  if (text.size() != 17 && text.size() != 8) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

absl::Status MalformedId(const Kind& kind, absl::string_view text) {
  return ec2::Error(kind.malformed, absl::StrCat("Invalid id: \"", text, "\" (expecting \"", kind.prefix,
                                                 "-\" and 17 lower-case hex digits)"));
}

absl::Status IdNotFound(const Kind& kind, absl::string_view text) {
  return ec2::Error(kind.not_found, absl::Substitute(kind.not_there, text));
}

}  // namespace brume
