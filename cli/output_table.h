// Answers as tables.
#pragma once

#include <string>

#include "google/protobuf/descriptor.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// A table for a list of things, "name  value" lines otherwise. `width`: columns of the terminal, 0 = no limit.
std::string RenderTable(const nlohmann::ordered_json& value, const google::protobuf::Descriptor* type, int width);

}  // namespace brume::cli
