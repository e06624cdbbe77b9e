// Tables of metrics and alarms.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> MonitoringTables();

}  // namespace brume::cli
