#include "lib/frontend/query/content_coding.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/http/gzip.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {

std::optional<ContentCoding> ContentCodingOf(const http::Headers& headers) {
  bool gzip = false;
  for (const auto& [name, value] : headers) {
    const absl::string_view coding = absl::StripAsciiWhitespace(value);
    if (!absl::EqualsIgnoreCase(name, "Content-Encoding")) continue;
    if (coding.empty() || absl::EqualsIgnoreCase(coding, "identity")) continue;
    // x-gzip: RFC 9110, 8.4.1.3.
    if (gzip || !(absl::EqualsIgnoreCase(coding, "gzip") || absl::EqualsIgnoreCase(coding, "x-gzip"))) {
      return std::nullopt;
    }
    gzip = true;
  }
  return gzip ? ContentCoding::kGzip : ContentCoding::kIdentity;
}

absl::StatusOr<std::string> DecodeGzip(absl::string_view body, size_t max_bytes) {
  absl::StatusOr<std::string> text = http::Gunzip(body, max_bytes);
  if (absl::IsResourceExhausted(text.status())) {
    return ec2::Error("RequestEntityTooLarge", absl::StrCat("The body of the request is too large: of more than ",
                                                            max_bytes, " bytes when it is decompressed."));
  }
  if (absl::IsInvalidArgument(text.status())) {
    return ec2::Error("InvalidRequest",
                      "The body of the request is not gzip, or not all of it, though its Content-Encoding says so.");
  }
  return text;
}

}  // namespace brume::frontend
