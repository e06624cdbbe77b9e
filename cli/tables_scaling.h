// Tables of Auto Scaling.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> ScalingTables();

}  // namespace brume::cli
