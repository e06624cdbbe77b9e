// Content-Encoding of requests: gzip, as SDKs send the larger ones (botocore PutMetricData above 10 KiB).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/http/server.h"

namespace brume::frontend {

enum class ContentCoding { kIdentity, kGzip };

// What the body is sent in, by headers whose names are in any case. Unset: what is not served, such as several codings.
std::optional<ContentCoding> ContentCodingOf(const http::Headers& headers);

// The text of a gzipped body. A signature is over the body as it is sent. Errors: RequestEntityTooLarge when the text
// is of more than `max_bytes`, which is found out with no more memory than that; InvalidRequest when the body is not
// gzip.
absl::StatusOr<std::string> DecodeGzip(absl::string_view body, size_t max_bytes);

}  // namespace brume::frontend
