// Tables of VPCs, subnets, routes, gateways, addresses and interfaces.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> VpcTables();

}  // namespace brume::cli
