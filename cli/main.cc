// brume: the command line of brumed.
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/args.h"
#include "cli/aws_options.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/rpc_client.h"
#include "cli/run_help.h"
#include "cli/terminal.h"
#include "cli/unknown_action.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

absl::StatusOr<int> Dispatch(const Schema& schema, const CommandLine& line, std::string* api_name) {
  if (line.version) {
    RETURN_IF_ERROR(Print("brume " BRUME_VERSION "\n"));
    return 0;
  }
  if (const auto wanted = HelpWanted(schema, line)) return RunHelp(schema, *wanted);
  RETURN_IF_ERROR(CheckQuery(schema, line));
  const Command* const command = FindCommand(line.command);
  if (command != nullptr && command->run != nullptr) return command->run(schema, line.global, line.rest);
  std::string name = line.command;
  std::vector<std::string> rest = line.rest;
  // "brume iam create-user", as the aws command line spells it.
  const bool family = schema.HasFamily(line.command);
  if (family) {
    if (rest.empty() || absl::StartsWith(rest[0], "-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("brume ", line.command, " needs an action: brume help ", line.command, " shows all"));
    }
    name = rest[0];
    rest.erase(rest.begin());
    if (name == "wait") return RunWait(schema, line.global, rest, line.command);
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
    ASSIGN_OR_RETURN(const std::unique_ptr<Schema> schema, LoadEmbeddedSchema());
    if (!argv.empty() && argv[0] == "__complete") return RunComplete(*schema, argv);
    ASSIGN_OR_RETURN(CommandLine line, ParseCommandLine(argv, IsTerminal(STDOUT_FILENO)));
    return Dispatch(*schema, line, &api_name);
  };
  const absl::StatusOr<int> code = run();
  if (code.ok()) return *code;
  std::fputs(ErrorText(code.status(), api_name).c_str(), stderr);
  return ExitCodeOf(code.status());
}

}  // namespace
}  // namespace brume::cli

int main(int argc, char** argv) { return brume::cli::Main(std::vector<std::string>(argv + 1, argv + argc)); }
