// The scripts by which shells ask brume what Tab offers.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace brume::cli {

// The script `brume completion SHELL` prints; "" for a shell that is none of CompletionShells.
std::string CompletionScript(absl::string_view shell);
const std::vector<std::string>& CompletionShells();

}  // namespace brume::cli
