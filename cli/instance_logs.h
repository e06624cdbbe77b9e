// What a console showed since it was last asked for.
#pragma once

#include <string>

#include "cli/commands.h"

namespace brume::cli {

// What `now` has behind the end of `before`, both the last part of one growing text; all of `now` where nothing of
// `before` is left in it.
std::string NewText(const std::string& before, const std::string& now);

Command LogsCommand();

}  // namespace brume::cli
