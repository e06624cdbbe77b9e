// The commands that are no API actions, and what all commands share, described for help and completion.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace brume::cli {

// A command that is not an API action.
struct Command {
  std::string name;
  std::string usage;                                         // "ssh ID [--user NAME] …"
  std::string summary;                                       // one sentence
  std::string details;                                       // paragraphs; may be empty
  std::vector<std::pair<std::string, std::string>> options;  // "--user NAME", what it does
};
const std::vector<Command>& HandMadeCommands();

// Options every command takes, as in Command::options; and the environment.
const std::vector<std::pair<std::string, std::string>>& GlobalOptionHelp();
const std::vector<std::pair<std::string, std::string>>& EnvironmentHelp();
// Exit codes in words.
const std::vector<std::pair<std::string, std::string>>& ExitCodeHelp();

}  // namespace brume::cli
