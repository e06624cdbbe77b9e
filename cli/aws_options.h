// The global options of the aws command line, taken so that its lines can be pasted.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::cli {

class Schema;
struct CommandLine;
struct GlobalOptions;

struct AwsOption {
  absl::string_view name;  // "--region"
  bool takes_value = true;
};

const std::vector<AwsOption>& AwsOptions();

// That option of a command line of `command`; null when it is none, and where the command has an option of that name
// itself.
const AwsOption* FindAwsOption(absl::string_view name, absl::string_view command);

// Does what the option says, or nothing where brume has no use for it.
absl::Status ApplyAwsOption(const AwsOption& option, const std::string& value, GlobalOptions* global);

// InvalidArgument where --query is given to a command that prints no response, which would ignore it, or where the
// command is one of ours and the expression is not JMESPath.
absl::Status CheckQuery(const Schema& schema, const CommandLine& line);

// For help, as GlobalOptionHelp has them.
const std::vector<std::pair<std::string, std::string>>& AwsOptionHelp();

}  // namespace brume::cli
