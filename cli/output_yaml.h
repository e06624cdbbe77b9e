// Answers as YAML.
#pragma once

#include <string>

#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// Block style, members by name, as the aws CLI's. A scalar alone is written as JSON. Strings that YAML would take for
// something else are quoted, and control characters escaped.
std::string RenderYaml(const nlohmann::ordered_json& value);

}  // namespace brume::cli
