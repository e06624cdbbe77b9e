#include "cli/first_screen.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/commands.h"

namespace brume::cli {
namespace {

// A line of the screen. Of each word of `commands`, "launch|run-instances", the first that exists is shown.
struct Line {
  const char* commands;
  const char* what;
};

struct Section {
  const char* title;
  std::vector<Line> lines;
};

const std::vector<Section>& Sections() {
  static const auto* const sections = new std::vector<Section>{
      {"Instances",
       {{"launch|run-instances", "start an instance from an image"},
        {"ls|describe-instances info", "list instances; show one"},
        {"start|start-instances stop reboot rm", "change their state; rm terminates"},
        {"shell|ssh exec cp forward", "log in, run commands, copy files, ports"},
        {"logs console top", "serial console; what uses the host"}}},
      {"Images, disks and network",
       {{"images|catalogue pull|import-image", "images that are here; fetch one"},
        {"snapshot open|explain-path", "save a disk; let a port in"}}},
      {"Groups and this host",
       {{"groups|describe-auto-scaling-groups scale", "groups of instances that replace failed ones"},
        {"events doctor configure", "who did what; what is wrong; set up aws"}}}};
  return *sections;
}

// The first two that exist are shown.
constexpr Line kExamples[] = {
    {"launch debian-12 --name web", "a Debian 12 named web, ready for ssh"},
    {"shell web", "a shell on it"},
    {"run-instances --image-id debian-12 --import", "start a Debian 12"},
    {"ssh web", "a shell on the instance named web"},
};

bool Exists(const Schema& schema, absl::string_view name) {
  if (schema.FindAction(name) != nullptr) return true;
  return std::any_of(HandMadeCommands().begin(), HandMadeCommands().end(),
                     [&](const Command& command) { return name == absl::string_view(command.name); });
}

std::string Row(const std::string& head, absl::string_view what) { return absl::StrFormat("  %-29s %s\n", head, what); }

std::string Row(const Schema& schema, const Line& line) {
  std::vector<absl::string_view> shown;
  for (const absl::string_view alternatives : absl::StrSplit(line.commands, ' ')) {
    for (const absl::string_view name : absl::StrSplit(alternatives, '|')) {
      if (!Exists(schema, name)) continue;
      shown.push_back(name);
      break;
    }
  }
  return shown.empty() ? "" : Row(absl::StrJoin(shown, ", "), line.what);
}

}  // namespace

std::string FirstScreen(const Schema& schema) {
  std::string text = "brume: virtual machines on this host, by the EC2 API\n\n";
  int examples = 0;
  for (const Line& example : kExamples) {
    const absl::string_view command = example.commands;
    if (examples == 2 || !Exists(schema, command.substr(0, command.find(' ')))) continue;
    absl::StrAppend(&text, "  brume ", command, "    # ", example.what, "\n");
    ++examples;
  }
  for (const Section& section : Sections()) {
    std::string rows;
    for (const Line& line : section.lines) rows += Row(schema, line);
    if (!rows.empty()) absl::StrAppend(&text, "\n", section.title, "\n", rows);
  }
  absl::StrAppend(&text, "\nEvery EC2 action is a command as well: brume describe-volumes\n");
  absl::StrAppend(&text, Row("help ACTION", "its flags; also brume ACTION -h"),
                  Row("help SERVICE", absl::StrJoin(schema.FamilyNames(), ", ")),
                  Row("help commands", "what is not an action of an API"),
                  Row("help all", "everything, with options and exit codes"));
  return text;
}

std::vector<std::string> FirstScreenNames() {
  std::vector<std::string> names;
  for (const Section& section : Sections()) {
    for (const Line& line : section.lines) {
      for (const absl::string_view alternatives : absl::StrSplit(line.commands, ' ')) {
        names.emplace_back(alternatives.substr(0, alternatives.find('|')));
      }
    }
  }
  return names;
}

}  // namespace brume::cli
