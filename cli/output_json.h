// Answers as JSON.
#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// The aws CLI's shape: UpperCamel members in the schema's order, lists of the top level even when empty, binary as
// base64, 64-bit numbers as numbers.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// Indented by 4, ended by a newline; "" for an object without members, as an empty answer is. Control characters are
// escaped.
std::string RenderJson(const nlohmann::ordered_json& value);

}  // namespace brume::cli
