// Tables of what the daemon says of itself.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> HostTables();

}  // namespace brume::cli
