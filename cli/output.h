// Answers as JSON, as tab-separated text and as tables.
#pragma once

#include <string>

#include "cli/args.h"
#include "cli/schema.h"
#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// The aws CLI's shape: UpperCamel members in the schema's order, lists of the top level even when empty, binary as
// base64, 64-bit numbers as numbers.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// Indented by 4, ended by a newline; "" for an answer without members. Control characters are escaped.
std::string RenderJson(const nlohmann::ordered_json& value);

// Tab-separated lines as the aws CLI's text output: scalars in the order of their names, structures and lists on
// lines of their own that begin with their name. Control characters are made visible.
std::string RenderText(const nlohmann::ordered_json& value);

// A table for a list of things, "name  value" lines otherwise. `width`: columns of the terminal, 0 = no limit.
std::string RenderTable(const nlohmann::ordered_json& value, const google::protobuf::Descriptor* type, int width);

// One of the three. The console's output in text is raw: it is the guest's own.
std::string Render(const Action& action, const google::protobuf::Message& response, OutputFormat format, int width);

}  // namespace brume::cli
