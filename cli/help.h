// Help from the schema's comments: on the terminal, as a man page, as the API reference.
#pragma once

#include <string>
#include <vector>

#include "cli/schema.h"

namespace brume::cli {

// A command that is no API action.
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

// `width`: columns to wrap at; 0 = 100.
std::string OverviewHelp(const Schema& schema, int width);
// Of one public API, such as "iam": all its actions.
std::string FamilyHelp(const Schema& schema, const std::string& family, int width);
std::string ActionHelp(const Action& action, int width);
std::string CommandHelpText(const std::string& command, int width);

// brume.1 in man(7), docs/api-reference.md, and the page of one public API, docs/api-reference/FAMILY.md.
std::string ManPage(const Schema& schema);
std::string MarkdownIndex(const Schema& schema);
std::string MarkdownReference(const Schema& schema, const std::string& family);

// The first sentence of a comment, without its full stop.
std::string FirstSentence(const std::string& comment);
// What stands behind a flag: "TEXT", "stop|terminate", "Key=TEXT,Value=TEXT …".
std::string ArgumentOf(const google::protobuf::FieldDescriptor& field);
// Bounds and the like in words, "" when there are none: "Required. 1 to 1000."
std::string LimitsOf(const google::protobuf::FieldDescriptor& field);

}  // namespace brume::cli
