// Answers in the format the user asked for.
#pragma once

#include <string>

#include "cli/api_schema.h"
#include "cli/args.h"
#include "google/protobuf/message.h"

namespace brume::cli {

// One of them. The console's output in text is raw: it is the guest's own.
std::string Render(const ApiAction& action, const google::protobuf::Message& response, OutputFormat format, int width);

}  // namespace brume::cli
