// Tables of images and of the tasks that make them.
#pragma once

#include <vector>

#include "cli/table_columns.h"

namespace brume::cli {

std::vector<TableSpec> ImageTables();

}  // namespace brume::cli
