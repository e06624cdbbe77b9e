// JSON as CBOR, so that one decoder reads both.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::frontend {

// The same values, in no more than nine bytes for each of `json`; an empty text stays one. Members that come twice do
// so still. Error: SerializationException for what is not JSON in UTF-8, or is nested deeper than any request.
absl::StatusOr<std::string> JsonToCbor(absl::string_view json);

}  // namespace brume::frontend
