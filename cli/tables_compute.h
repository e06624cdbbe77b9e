// Tables of instances and what they are launched from.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> ComputeTables();

}  // namespace brume::cli
