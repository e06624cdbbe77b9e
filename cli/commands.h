// The commands that are no API actions, and what all commands share, described for help and completion.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/api_schema.h"
#include "cli/args.h"

namespace brume::cli {

// Runs a command with what follows its name. The exit code.
using RunCommandFunction = absl::StatusOr<int> (*)(const Schema& schema, const GlobalOptions& global,
                                                   const std::vector<std::string>& tokens);

// A command that is not an API action. Its file describes it, and commands.cc lists it.
struct Command {
  std::string name;
  std::string usage;                                         // "ssh ID [--user NAME] …"
  std::string summary;                                       // one sentence
  std::string details;                                       // paragraphs; may be empty
  std::vector<std::pair<std::string, std::string>> options;  // "--user NAME", what it does
  RunCommandFunction run = nullptr;                          // null for help alone, which main() answers
  bool has_answer = false;                                   // prints a response as JSON; --query selects from it
};
const std::vector<Command>& HandMadeCommands();
// Null when there is none of this name.
const Command* FindCommand(absl::string_view name);

// The RunCommandFunction of a function that needs no schema.
template <auto kRun>
absl::StatusOr<int> WithoutSchema(const Schema&, const GlobalOptions& global, const std::vector<std::string>& tokens) {
  return kRun(global, tokens);
}

// Options every command takes, as in Command::options; and the environment.
const std::vector<std::pair<std::string, std::string>>& GlobalOptionHelp();
const std::vector<std::pair<std::string, std::string>>& EnvironmentHelp();
// Exit codes in words.
const std::vector<std::pair<std::string, std::string>>& ExitCodeHelp();

}  // namespace brume::cli
