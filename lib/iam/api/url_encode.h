// The encoding of policies in answers.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume::iam {

// RFC 3986: all but letters, digits and -._~ becomes %XX.
std::string UrlEncode(absl::string_view text);

}  // namespace brume::iam
