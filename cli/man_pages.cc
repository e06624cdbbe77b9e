#include "cli/man_pages.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/aws_options.h"
#include "cli/commands.h"
#include "cli/customisations.h"
#include "cli/filter_names.h"
#include "cli/flags.h"
#include "cli/help.h"

namespace brume::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kDeepestMember = 4;  // of structures within structures

// roff takes a backslash, and a dot or quote that begins a line, for its own.
std::string Roff(const std::string& text) {
  std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}, {"…", "..."}});
  std::vector<std::string> lines = absl::StrSplit(escaped, '\n');
  for (std::string& line : lines) {
    if (!line.empty() && (line[0] == '.' || line[0] == '\'')) line = absl::StrCat("\\&", line);
    if (line.empty()) line = ".PP";
  }
  return absl::StrJoin(lines, "\n");
}

std::string RoffList(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string text;
  for (const auto& [name, what] : rows) absl::StrAppend(&text, ".TP\n.B ", Roff(name), "\n", Roff(what), "\n");
  return text;
}

std::string FlagEntry(const std::string& head, const std::string& what) {
  return absl::StrCat(".TP\n.B ", Roff(head), "\n", Roff(what.empty() ? "\xe2\x80\xa6" : what), "\n");
}

// The members of a structure, those of structures in it moved in.
std::string RoffMembers(const Descriptor* type, int depth) {
  std::string text;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    const std::string kind = field.message_type() == nullptr ? ArgumentOf(field)
                             : field.is_repeated()           ? "list of structures"
                                                             : "structure";
    text += FlagEntry(absl::StrCat(MemberName(field), "  (", kind, ")"),
                      absl::StrJoin({CommentOf(field), LimitsOf(field)}, " "));
    if (field.message_type() != nullptr && depth < kDeepestMember) {
      absl::StrAppend(&text, ".RS\n", RoffMembers(field.message_type(), depth + 1), ".RE\n");
    }
  }
  return text;
}

}  // namespace

std::string ManPage(const Schema& schema) {
  std::string text =
      ".\\\" Written by `brume help --man`.\n"
      ".TH BRUME 1 \"\" \"Brume\" \"User Commands\"\n"
      ".SH NAME\nbrume \\- EC2 on this host\n"
      ".SH SYNOPSIS\n.B brume\n[\\fIOPTIONS\\fR] \\fIACTION\\fR [\\fIFLAGS\\fR ...]\n.br\n"
      ".B brume help\n[\\fIACTION\\fR]\n"
      ".SH DESCRIPTION\n"
      "Calls the daemon\n.BR brumed (8).\n"
      "Every action of its API is a command, spelled as the aws command line spells it; an action's flags are shown "
      "by\n"
      ".BR \"brume help\" \" \\fIACTION\\fR.\"\n"
      "Structures are given as Key=Value,Key=Value text or as JSON, any value as file://PATH, binary as "
      "fileb://PATH.\n";
  absl::StrAppend(&text, ".SH OPTIONS\nThey stand before or after the action.\n", RoffList(GlobalOptionHelp()),
                  RoffList(AwsOptionHelp()));
  text += ".SH COMMANDS\n";
  for (const Command& command : HandMadeCommands()) {
    absl::StrAppend(&text, ".SS ", Roff(command.usage), "\n", Roff(command.summary), "\n");
    if (!command.details.empty()) absl::StrAppend(&text, ".PP\n", Roff(command.details), "\n");
    text += RoffList(command.options);
  }
  text += ".SH ACTIONS\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const ApiAction& action : schema.actions()) {
    rows.emplace_back(action.name, absl::StrCat(FirstSentence(CommentOf(*action.method)), "."));
  }
  text += RoffList(rows);
  absl::StrAppend(&text, ".PP\nEach has a page of its own:\n.BR brume\\-run\\-instances (1).\n");
  absl::StrAppend(&text, ".SH ENVIRONMENT\n", RoffList(EnvironmentHelp()));
  absl::StrAppend(&text, ".SH \"EXIT STATUS\"\n", RoffList(ExitCodeHelp()));
  text += ".SH \"SEE ALSO\"\n.BR brumed (8),\n.BR ssh (1)\n";
  return text;
}

std::string ManPageName(const Schema& schema, const ApiAction& action) {
  if (schema.FindAction(action.name) == &action) return absl::StrCat("brume-", action.name);
  return absl::StrCat("brume-", action.family, "-", action.name);
}

std::string ManPageOf(const Schema& schema, const ApiAction& action) {
  const std::string name = ManPageName(schema, action);
  const std::string comment = CommentOf(*action.method);
  std::string text = absl::StrCat(".\\\" Written by `brume help --man ", action.family, " ", action.name, "`.\n.TH \"",
                                  Roff(name), "\" 1 \"\" \"Brume\" \"User Commands\"\n.SH NAME\n", Roff(name), " \\- ",
                                  Roff(FirstSentence(comment)), "\n.SH SYNOPSIS\n.B brume ", Roff(action.family), " ",
                                  Roff(action.name), "\n[\\fIFLAGS\\fR ...]\n.SH DESCRIPTION\n", Roff(comment), "\n");
  text += ".SH FLAGS\n";
  const Descriptor* request = action.method->input_type();
  for (int i = 0; i < request->field_count(); ++i) {
    const FieldDescriptor& field = *request->field(i);
    const std::string flag = FlagName(field);
    text += FlagEntry(
        IsSwitch(field) ? absl::StrCat("--", flag, " | --no-", flag) : absl::StrCat("--", flag, " ", ArgumentOf(field)),
        absl::StrJoin({CommentOf(field), LimitsOf(field)}, " "));
    if (field.message_type() != nullptr && !IsAttributeValue(field.message_type())) {
      absl::StrAppend(&text, ".RS\n", RoffMembers(field.message_type(), 1), ".RE\n");
    }
  }
  for (const CustomFlag& flag : CustomFlagsOf(action)) {
    text += FlagEntry(absl::StrCat("--", flag.name, flag.argument.empty() ? "" : " ", flag.argument), flag.help);
  }
  for (const OptionHelp& option : OptionsOf(action)) {
    text +=
        FlagEntry(absl::StrCat("--", option.name, option.argument.empty() ? "" : " ", option.argument), option.help);
  }
  const std::vector<FilterName> filters = FilterNamesOf(action);
  if (!filters.empty()) text += ".SH FILTERS\n";
  for (const FilterName& filter : filters) text += FlagEntry(filter.name, filter.where);
  if (action.method->output_type()->field_count() > 0) {
    absl::StrAppend(&text, ".SH ANSWER\n", RoffMembers(action.method->output_type(), 1));
  }
  text += ".SH \"SEE ALSO\"\n.BR brume (1),\n.BR brumed (8)\n";
  return text;
}

}  // namespace brume::cli
