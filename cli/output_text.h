// Answers as tab-separated text.
#pragma once

#include <string>

#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// Tab-separated lines as the aws CLI's text output: scalars in the order of their names, structures and lists on
// lines of their own that begin with their name. Control characters are made visible.
std::string RenderText(const nlohmann::ordered_json& value);

}  // namespace brume::cli
