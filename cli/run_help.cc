#include "cli/run_help.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "cli/call.h"
#include "cli/first_screen.h"
#include "cli/help.h"
#include "cli/long_text.h"
#include "cli/man_pages.h"
#include "cli/reference.h"
#include "cli/terminal.h"
#include "cli/unknown_action.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr char kDocs[] = "/usr/share/doc/brume";

absl::Status WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the file '", path.string(), "' cannot be written"));
}

// brume.1, and a page for each action: brume-run-instances.1; of actions that several services have, one each:
// brume-iam-delete-tags.1 beside brume-delete-tags.1.
absl::StatusOr<int> WriteManPages(const Schema& schema, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the directory '", directory, "' cannot be made: ", error.message()));
  }
  const std::filesystem::path to = directory;
  RETURN_IF_ERROR(WriteFile(to / "brume.1", ManPage(schema)));
  for (const ApiAction& action : schema.actions()) {
    RETURN_IF_ERROR(WriteFile(to / absl::StrCat(ManPageName(schema, action), ".1"), ManPageOf(schema, action)));
  }
  return 0;
}

absl::StatusOr<int> RunMan(const Schema& schema, const std::vector<std::string>& tokens) {
  if (tokens[0] == "--man-all") {
    if (tokens.size() == 2) return WriteManPages(schema, tokens[1]);
    return absl::InvalidArgumentError("brume help --man-all takes one directory");
  }
  if (tokens.size() == 1) {
    RETURN_IF_ERROR(Print(ManPage(schema)));
    return 0;
  }
  const bool of_family = tokens.size() == 3 && schema.HasFamily(tokens[1]);
  if (tokens.size() > 2 && !of_family) return absl::InvalidArgumentError("brume help --man takes one action");
  const ApiAction* action = of_family ? schema.FindActionOf(tokens[1], tokens[2]) : schema.FindAction(tokens[1]);
  if (action == nullptr) {
    return absl::InvalidArgumentError(NoSuchAction(schema, tokens.back(), of_family ? tokens[1] : ""));
  }
  RETURN_IF_ERROR(Print(ManPageOf(schema, *action)));
  return 0;
}

absl::StatusOr<int> RunMarkdown(const Schema& schema, const std::vector<std::string>& tokens) {
  if (tokens.size() > 2 || (tokens.size() == 2 && !schema.HasFamily(tokens[1]))) {
    return absl::InvalidArgumentError("brume help --markdown takes one service, or none");
  }
  RETURN_IF_ERROR(Print(tokens.size() == 2 ? MarkdownReference(schema, tokens[1]) : MarkdownIndex(schema)));
  return 0;
}

}  // namespace

std::optional<std::vector<std::string>> HelpWanted(const Schema& schema, const CommandLine& line) {
  const bool family = schema.HasFamily(line.command);
  if (line.command.empty()) return std::vector<std::string>();
  if (line.command == "help") return line.rest;
  if (line.help) {
    std::vector<std::string> tokens = {line.command};
    if (family && !line.rest.empty() && line.rest[0][0] != '-') tokens.push_back(line.rest[0]);
    return tokens;
  }
  if (family && line.rest.size() == 1 && line.rest[0] == "help") return std::vector<std::string>{line.command};
  if (family && line.rest.size() == 2 && line.rest[1] == "help") {
    return std::vector<std::string>{line.command, line.rest[0]};
  }
  if (!family && line.rest.size() == 1 && line.rest[0] == "help" && schema.FindAction(line.command) != nullptr) {
    return std::vector<std::string>{line.command};
  }
  return std::nullopt;
}

absl::StatusOr<int> RunHelp(const Schema& schema, const std::vector<std::string>& tokens) {
  const int width = TerminalWidth(STDOUT_FILENO);
  if (tokens.empty()) {
    RETURN_IF_ERROR(Print(FirstScreen(schema)));
    return 0;
  }
  const std::string& first = tokens[0];
  if (first == "--man" || first == "--man-all") return RunMan(schema, tokens);
  if (first == "--markdown") return RunMarkdown(schema, tokens);
  if (first == "--web") {
    RETURN_IF_ERROR(Print(absl::StrCat(kDocs, "/user-guide.md\n", kDocs, "/api-reference.md\n")));
    return 0;
  }
  // "brume help iam create-user", as the action is called.
  const bool of_family = tokens.size() == 2 && schema.HasFamily(first);
  if (tokens.size() > 1 && !of_family) return absl::InvalidArgumentError("brume help takes one action");
  std::string text;
  const ApiAction* action = of_family ? schema.FindActionOf(first, tokens[1]) : schema.FindAction(first);
  if (action != nullptr) {
    text = ActionHelp(*action, width);
  } else if (of_family) {
    return absl::InvalidArgumentError(NoSuchAction(schema, tokens[1], first));
  } else if (first == "all") {
    text = OverviewHelp(schema, width);
  } else if (first == "commands") {
    text = CommandListHelp(width);
  } else if (schema.HasFamily(first)) {
    text = FamilyHelp(schema, first, width);
  } else {
    text = CommandHelpText(first, width);
  }
  if (text.empty()) return absl::InvalidArgumentError(NoSuchAction(schema, first, ""));
  RETURN_IF_ERROR(PrintLong(text));
  return 0;
}

}  // namespace brume::cli
