// Tables of identities and what they may do.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> IdentityTables();

}  // namespace brume::cli
