#include "cli/first_screen.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace brume::cli {
namespace {

// A line of the screen.
struct Line {
  const char* commands;  // with a blank between two
  const char* what;
};

struct Section {
  const char* title;
  std::vector<Line> lines;
};

const std::vector<Section>& Sections() {
  static const auto* const sections = new std::vector<Section>{
      {"Instances",
       {{"launch", "start an instance from an image"},
        {"ls info", "list instances; show one"},
        {"start stop reboot rm", "change their state; rm terminates"},
        {"shell exec cp forward", "log in, run commands, copy files, ports"},
        {"logs console top", "serial console; what uses the host"}}},
      {"Images, disks and network",
       {{"images pull", "images that are here; fetch one"}, {"snapshot open", "save a disk; let a port in"}}},
      {"Groups and this host",
       {{"groups scale", "groups of instances that replace failed ones"},
        {"events doctor configure", "who did what; what is wrong; set up aws"}}}};
  return *sections;
}

constexpr Line kExamples[] = {
    {"launch debian-12 --name web", "a Debian 12 named web, ready for ssh"},
    {"shell web", "a shell on it"},
};

std::string Row(const std::string& head, absl::string_view what) { return absl::StrFormat("  %-29s %s\n", head, what); }

}  // namespace

std::string FirstScreen(const Schema& schema) {
  std::string text = "brume: virtual machines on this host, by the EC2 API\n\n";
  for (const Line& example : kExamples) {
    absl::StrAppendFormat(&text, "  %-34s # %s\n", absl::StrCat("brume ", example.commands), example.what);
  }
  for (const Section& section : Sections()) {
    absl::StrAppend(&text, "\n", section.title, "\n");
    for (const Line& line : section.lines) {
      absl::StrAppend(&text, Row(absl::StrReplaceAll(line.commands, {{" ", ", "}}), line.what));
    }
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
      for (const absl::string_view name : absl::StrSplit(line.commands, ' ')) names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace brume::cli
