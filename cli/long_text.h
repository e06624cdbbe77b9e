// Long texts on a terminal.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace brume::cli {

// The program and arguments $PAGER names, split at spaces; "less" where it is unset, none where it is empty or "cat".
std::vector<std::string> PagerArguments(const char* pager);

// Prints `text`; through a pager where standard output is a terminal that has fewer lines. A pager that cannot be
// started is done without.
absl::Status PrintLong(const std::string& text);

}  // namespace brume::cli
