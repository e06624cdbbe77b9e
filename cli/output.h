// Answers in the format the user asked for.
#pragma once

#include <string>

#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/table_format.h"
#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// The answer as the aws CLI has it: ToJson, with the documents of IAM's policies as structures instead of their text.
nlohmann::ordered_json AnswerJson(const ApiAction& action, const google::protobuf::Message& response);

// How tables are drawn on standard output now.
TableStyle StyleOf(const GlobalOptions& global);

// One of the formats. The console's output in text is the guest's own bytes, unless it goes to a terminal.
std::string Render(const ApiAction& action, const google::protobuf::Message& response, OutputFormat format,
                   const TableStyle& style);

}  // namespace brume::cli
