// Answers as tables.
#pragma once

#include <string>

#include "cli/table_format.h"
#include "google/protobuf/descriptor.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// A table for a list of things, "name  value" lines otherwise. What the tables show stands in table_columns.h.
std::string RenderTable(const nlohmann::ordered_json& value, const google::protobuf::Descriptor* type,
                        const TableStyle& style);

}  // namespace brume::cli
