// The query of a request line as Signature Version 4 sees it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace brume::iam::sigv4 {

// Names and values, decoded, in the order they came. "+" is a space, as to the form decoder: what is signed is what is
// read.
using QueryFields = std::vector<std::pair<std::string, std::string>>;
QueryFields QueryOf(absl::string_view target);

// All but unreserved characters as %XX; "/" stays when `keep_slash`.
std::string Encode(absl::string_view text, bool keep_slash);

}  // namespace brume::iam::sigv4
