// Tables of what lets packets pass: security groups, network ACLs, prefix lists; and what shows why not.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> FirewallTables();

}  // namespace brume::cli
