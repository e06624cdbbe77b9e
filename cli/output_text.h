// Answers as tab-separated text.
#pragma once

#include <string>

#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// As the aws CLI's text output: the scalars of a structure on one line, in the order of their names, structures and
// lists on lines of their own that begin with their name. The structures of a list have the same columns. A list of
// scalars alone is one line. Tabs and line breaks stay as they are; other control characters are made visible.
std::string RenderText(const nlohmann::ordered_json& value);

}  // namespace brume::cli
