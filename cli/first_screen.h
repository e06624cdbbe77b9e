// What `brume` alone shows: the job first, and where the rest is.
#pragma once

#include <string>
#include <vector>

#include "cli/api_schema.h"

namespace brume::cli {

// At most 25 lines of at most 80 columns. Names only what this program has.
std::string FirstScreen(const Schema& schema);

// Every command the screen means to name, whether or not it is there; each is the first of its alternatives.
std::vector<std::string> FirstScreenNames();

}  // namespace brume::cli
