// Tables of volumes and snapshots.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> StorageTables();

}  // namespace brume::cli
