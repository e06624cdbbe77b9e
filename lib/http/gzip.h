// Bodies with Content-Encoding: gzip (RFC 1952).
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::http {

// What `body`, all of it, was before it was compressed; several members follow each other as one text. Never holds
// more than `max_bytes` of it and a buffer. Errors: ResourceExhausted when it is of more than `max_bytes`;
// InvalidArgument when the body is not gzip, ends too soon, has been changed, or has something after it.
absl::StatusOr<std::string> Gunzip(absl::string_view body, size_t max_bytes);

}  // namespace brume::http
