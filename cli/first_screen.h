// What `brume` alone shows: the job first, and where the rest is.
#pragma once

#include <string>
#include <vector>

#include "cli/api_schema.h"

namespace brume::cli {

// At most 25 lines of at most 80 columns.
std::string FirstScreen(const Schema& schema);

// Every command it names.
std::vector<std::string> FirstScreenNames();

}  // namespace brume::cli
