// brume: the command line of brumed.
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/args.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/reference.h"
#include "cli/rpc_client.h"
#include "cli/spelling.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

// `family`: where it was looked for; empty = everywhere.
std::string NoSuchAction(const Schema& schema, const std::string& name, const std::string& family) {
  std::vector<std::string> names;
  for (const ApiAction& action : schema.actions()) {
    if (family.empty() || action.family == family) names.push_back(action.name);
  }
  if (family.empty()) {
    for (const Command& command : HandMadeCommands()) names.push_back(command.name);
  }
  return absl::StrCat("there is no action '", name, "'", family.empty() ? "" : " of ", family, ".",
                      DidYouMean(name, names), " All actions: brume help", family.empty() ? "" : " ", family);
}

absl::StatusOr<int> RunHelp(const Schema& schema, const std::vector<std::string>& tokens) {
  const int width = TerminalWidth(STDOUT_FILENO);
  if (tokens.empty()) {
    RETURN_IF_ERROR(Print(OverviewHelp(schema, width)));
    return 0;
  }
  if (tokens.size() == 2 && tokens[0] == "--markdown" && schema.HasFamily(tokens[1])) {
    RETURN_IF_ERROR(Print(MarkdownReference(schema, tokens[1])));
    return 0;
  }
  // "brume help iam create-user", as the action is called.
  const bool of_family = tokens.size() == 2 && schema.HasFamily(tokens[0]);
  if (tokens.size() > 1 && !of_family) return absl::InvalidArgumentError("brume help takes one action");
  std::string text;
  if (of_family) {
    const ApiAction* action = schema.FindActionOf(tokens[0], tokens[1]);
    if (action == nullptr) return absl::InvalidArgumentError(NoSuchAction(schema, tokens[1], tokens[0]));
    RETURN_IF_ERROR(Print(ActionHelp(*action, width)));
    return 0;
  }
  if (tokens[0] == "--markdown") {
    text = MarkdownIndex(schema);
  } else if (tokens[0] == "--man") {
    text = ManPage(schema);
  } else if (const ApiAction* action = schema.FindAction(tokens[0])) {
    text = ActionHelp(*action, width);
  } else if (schema.HasFamily(tokens[0])) {
    text = FamilyHelp(schema, tokens[0], width);
  } else {
    text = CommandHelpText(tokens[0], width);
  }
  if (text.empty()) return absl::InvalidArgumentError(NoSuchAction(schema, tokens[0], ""));
  RETURN_IF_ERROR(Print(text));
  return 0;
}

// `brume __complete INDEX WORD …`: what the completion script calls.
absl::StatusOr<int> RunComplete(const Schema& schema, const std::vector<std::string>& argv) {
  size_t index = 0;
  if (argv.size() < 3 || !absl::SimpleAtoi(argv[1], &index)) return kExitUsage;
  const std::vector<std::string> words(argv.begin() + 2, argv.end());
  for (const std::string& candidate : Complete(schema, words, index, IdsFromDaemon)) {
    RETURN_IF_ERROR(Print(candidate + "\n"));
  }
  return 0;
}

absl::StatusOr<int> Dispatch(LazySchema& lazy, const CommandLine& line, std::string* api_name) {
  if (line.version) {
    RETURN_IF_ERROR(Print("brume " BRUME_VERSION "\n"));
    return 0;
  }
  const Command* const command = line.help ? nullptr : FindCommand(line.command);
  if (command != nullptr && command->run != nullptr) return command->run(lazy, line.global, line.rest);
  ASSIGN_OR_RETURN(const Schema* const loaded, lazy.Get());
  const Schema& schema = *loaded;
  if (line.help || line.command == "help") return RunHelp(schema, line.rest);
  if (line.command.empty()) {
    std::fputs(OverviewHelp(schema, TerminalWidth(STDERR_FILENO)).c_str(), stderr);
    return kExitUsage;
  }
  std::string name = line.command;
  std::vector<std::string> rest = line.rest;
  // "brume iam create-user", as the aws command line spells it.
  const bool family = schema.HasFamily(line.command);
  if (family) {
    if (!rest.empty() && rest[0] == "--help") return RunHelp(schema, {line.command});
    if (rest.empty() || absl::StartsWith(rest[0], "-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("brume ", line.command, " needs an action: brume help ", line.command, " shows all"));
    }
    name = rest[0];
    rest.erase(rest.begin());
  }
  const ApiAction* action = family ? schema.FindActionOf(line.command, name) : schema.FindAction(name);
  if (action == nullptr) {
    return absl::InvalidArgumentError(NoSuchAction(schema, name, family ? line.command : ""));
  }
  *api_name = action->api_name;
  return RunAction(schema, line.global, *action, rest);
}

int Main(const std::vector<std::string>& argv) {
  // Widths of characters; messages stay English and numbers plain.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  // gRPC's own log is for its developers; errors reach the user as ours.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  std::string api_name;
  const auto run = [&]() -> absl::StatusOr<int> {
    LazySchema schema;
    if (!argv.empty() && argv[0] == "__complete") {
      ASSIGN_OR_RETURN(const Schema* const loaded, schema.Get());
      return RunComplete(*loaded, argv);
    }
    ASSIGN_OR_RETURN(CommandLine line, ParseCommandLine(argv, IsTerminal(STDOUT_FILENO)));
    return Dispatch(schema, line, &api_name);
  };
  const absl::StatusOr<int> code = run();
  if (code.ok()) return *code;
  std::fputs(ErrorText(code.status(), api_name).c_str(), stderr);
  return ExitCodeOf(code.status());
}

}  // namespace
}  // namespace brume::cli

int main(int argc, char** argv) { return brume::cli::Main(std::vector<std::string>(argv + 1, argv + argc)); }
