// `brume help` and every other way to ask for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"

namespace brume::cli {

// What `brume help` would be given, where the line asks for help: help, -h or --help anywhere, nothing at all, and
// "ec2 help" and "ec2 run-instances help" as the aws command line has it. Unset where it does not ask.
std::optional<std::vector<std::string>> HelpWanted(const Schema& schema, const CommandLine& line);

// `tokens`: what follows "help".
absl::StatusOr<int> RunHelp(const Schema& schema, const std::vector<std::string>& tokens);

}  // namespace brume::cli
