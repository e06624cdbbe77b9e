// What the log must not hold of what it tells.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume {

// `text` with the path, query and user of each http and https URL in it left out ("https://hooks.example.com/…"): a
// webhook's URL is its password.
std::string RedactUrls(absl::string_view text);

}  // namespace brume
