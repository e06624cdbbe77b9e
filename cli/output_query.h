// What --query makes of an answer, in the format the user asked for.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/args.h"
#include "cli/jmespath.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// InvalidArgument, with --query and the expression in it, where it is none of JMESPath.
absl::StatusOr<JmesPath> ParseQuery(const std::string& expression);

// `to_terminal`: then nothing in a lone string may steer it; elsewhere it is written as it is, so that a private key or
// a console's output is the one that was asked for. A table of objects has their members' names above its columns.
std::string RenderQueried(const nlohmann::ordered_json& value, OutputFormat format, bool to_terminal);

}  // namespace brume::cli
