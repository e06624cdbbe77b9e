#include "cli/help.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/aws_options.h"
#include "cli/commands.h"
#include "cli/customisations.h"
#include "cli/filter_names.h"
#include "cli/flags.h"
#include "cli/spelling.h"
#include "cli/text.h"
#include "lib/resource/kinds.h"

namespace brume::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kDefaultWidth = 100;
constexpr int kIndent = 4;
constexpr int kDeepest = 4;  // of structures within structures

int Width(int width) { return width <= 0 ? kDefaultWidth : std::clamp(width, 40, 120); }

std::string Entry(const std::string& head, const std::string& text, int indent, int width) {
  return absl::StrCat(std::string(indent, ' '), head, "\n", text.empty() ? "" : Wrap(text, indent + kIndent, width));
}

// "name     sentence" rows with the sentences aligned.
std::string Aligned(const std::vector<std::pair<std::string, std::string>>& rows, int width) {
  size_t widest = 0;
  for (const auto& [name, sentence] : rows) widest = std::max(widest, name.size());
  std::string text;
  for (const auto& [name, sentence] : rows) {
    const int column = static_cast<int>(widest) + 4;
    const std::string wrapped = Wrap(sentence, column, std::max(width, column + 20));
    absl::StrAppend(&text, "  ", name, wrapped.substr(std::min(wrapped.size(), name.size() + 2)));
  }
  return text;
}

std::string Placeholder(const FieldDescriptor& field) {
  const FieldTraits traits = TraitsOf(field);
  if (!traits.one_of.empty() && traits.one_of.size() <= 4) return absl::StrJoin(traits.one_of, "|");
  if (!traits.id_prefix.empty()) {
    const Kind* const kind = FindKind(traits.id_prefix);
    return kind == nullptr ? "ANY-ID" : absl::StrCat(absl::AsciiStrToUpper(kind->arn_type), "-ID");
  }
  if (traits.timestamp) return "TIME";
  if (traits.blob) return "BASE64";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true|false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "TEXT";
    default:
      return "N";
  }
}

// `depth` 0 is the flag's own value.
std::string Shape(const FieldDescriptor& field, int depth) {
  const Descriptor* type = field.message_type();
  if (type == nullptr) return Placeholder(field);
  if (depth > 1) return "{…}";
  std::vector<std::string> members;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* member = type->field(i);
    std::string shape = Shape(*member, depth + 1);
    if (member->is_repeated()) {
      shape = member->message_type() ? absl::StrCat("[", shape, ",…]") : absl::StrCat(shape, ",…");
    }
    members.push_back(absl::StrCat(MemberName(*member), "=", shape));
  }
  const std::string joined = absl::StrJoin(members, ",");
  return depth == 0 ? joined : absl::StrCat("{", joined, "}");
}

std::string Describe(const FieldDescriptor& field) { return absl::StrJoin({CommentOf(field), LimitsOf(field)}, " "); }

// The members of a structure, one entry each, structures in it below.
std::string Members(const Descriptor* type, int indent, int width, int depth) {
  std::string text;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool structure = field->message_type() != nullptr;
    const std::string kind = structure ? (field->is_repeated() ? "list of structures" : "structure")
                                       : absl::StrCat(field->is_repeated() ? "list of " : "", Placeholder(*field));
    text += Entry(absl::StrCat(MemberName(*field), "  (", kind, ")"), Describe(*field), indent, width);
    if (structure && depth < kDeepest) text += Members(field->message_type(), indent + kIndent, width, depth + 1);
  }
  return text;
}

std::string FlagHead(const FieldDescriptor& field) {
  const std::string name = FlagName(field);
  if (IsSwitch(field)) return absl::StrCat("--", name, " | --no-", name);
  return absl::StrCat("--", name, " ", ArgumentOf(field));
}

// Actions by the resource they are about, of one family or of all.
std::string ActionList(const Schema& schema, absl::string_view family, int width) {
  std::string text;
  std::vector<std::pair<std::string, std::string>> rows;
  const google::protobuf::ServiceDescriptor* service = nullptr;
  const auto flush = [&] {
    if (!rows.empty()) absl::StrAppend(&text, "\n", FirstSentence(CommentOf(*service)), ":\n", Aligned(rows, width));
    rows.clear();
  };
  for (const ApiAction& action : schema.actions()) {
    if (!family.empty() && family != absl::string_view(action.family)) continue;
    if (action.method->service() != service) {
      flush();
      service = action.method->service();
    }
    rows.emplace_back(action.name, absl::StrCat(FirstSentence(CommentOf(*action.method)), "."));
  }
  flush();
  return text;
}

}  // namespace

std::string FirstSentence(const std::string& comment) {
  const std::string paragraph = comment.substr(0, comment.find("\n\n"));
  for (size_t stop = paragraph.find('.'); stop != std::string::npos; stop = paragraph.find('.', stop + 1)) {
    if (stop + 1 == paragraph.size() || paragraph[stop + 1] == ' ') return paragraph.substr(0, stop);
  }
  return paragraph;
}

std::string ArgumentOf(const FieldDescriptor& field) {
  std::string shape;
  if (IsAttributeValue(field.message_type())) {
    shape = TakesPlainText(field) ? "TEXT|file://PATH" : Placeholder(*field.message_type()->field(0));
  } else if (TakesPlainText(field)) {
    shape = "TEXT|file://PATH";
  } else if (TraitsOf(field).blob) {
    shape = "fileb://PATH";
  } else {
    shape = Shape(field, 0);
  }
  return field.is_repeated() ? absl::StrCat(shape, " …") : shape;
}

std::string LimitsOf(const FieldDescriptor& field) {
  const FieldTraits traits = TraitsOf(field);
  std::vector<std::string> limits;
  if (traits.required) limits.push_back("Required.");
  if (traits.one_of.size() > 4) limits.push_back(absl::StrCat("One of ", absl::StrJoin(traits.one_of, ", "), "."));
  if (!traits.min.empty() && !traits.max.empty()) {
    limits.push_back(absl::StrCat("From ", traits.min, " to ", traits.max, "."));
  } else if (!traits.min.empty()) {
    limits.push_back(absl::StrCat("At least ", traits.min, "."));
  } else if (!traits.max.empty()) {
    limits.push_back(absl::StrCat("At most ", traits.max, "."));
  }
  if (!traits.max_length.empty()) {
    limits.push_back(absl::StrCat("At most ", traits.max_length, field.is_repeated() ? " of them." : " bytes."));
  }
  if (traits.ignored) limits.push_back("Not acted upon.");
  return absl::StrJoin(limits, " ");
}

std::string FamilyHelp(const Schema& schema, const std::string& family, int width) {
  return absl::StrCat("brume ", family, " ACTION [FLAGS …]\n\n  brume help ", family, " ACTION\n",
                      ActionList(schema, family, Width(width)));
}

std::string OverviewHelp(const Schema& schema, int width) {
  width = Width(width);
  std::string text =
      "brume: EC2 on this host.\n\n"
      "  brume [OPTIONS] ACTION [FLAGS …]\n"
      "  brume help ACTION\n";
  absl::StrAppend(&text, "  brume help ", absl::StrJoin(schema.FamilyNames(), "|"), "\n");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : HandMadeCommands()) rows.emplace_back(command.name, command.summary);
  absl::StrAppend(&text, "\nCommands:\n", Aligned(rows, width));
  absl::StrAppend(&text, ActionList(schema, "", width));
  absl::StrAppend(&text, "\nOptions, before or after the action:\n", Aligned(GlobalOptionHelp(), width),
                  Aligned(AwsOptionHelp(), width));
  absl::StrAppend(&text, "\nEnvironment:\n", Aligned(EnvironmentHelp(), width));
  absl::StrAppend(&text, "\nExit codes:\n", Aligned(ExitCodeHelp(), width));
  return text;
}

std::string CommandListHelp(int width) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : HandMadeCommands()) rows.emplace_back(command.name, command.summary);
  return absl::StrCat("brume COMMAND\n\n  brume help COMMAND\n\nCommands:\n", Aligned(rows, Width(width)));
}

std::string ActionHelp(const ApiAction& action, int width) {
  width = Width(width);
  const Descriptor* request = action.method->input_type();
  std::string text = absl::StrCat("brume ", action.name, "\n\n", Wrap(CommentOf(*action.method), 2, width), "\n");
  std::string usage = absl::StrCat("brume ", action.name);
  for (int i = 0; i < request->field_count(); ++i) {
    const FieldDescriptor* field = request->field(i);
    if (TraitsOf(*field).required && !HasDefault(action, *field)) absl::StrAppend(&usage, " ", FlagHead(*field));
  }
  absl::StrAppend(&text, Wrap(absl::StrCat(usage, " [FLAGS …]"), 2, width), "\nFlags:\n");
  for (int i = 0; i < request->field_count(); ++i) {
    const FieldDescriptor* field = request->field(i);
    text += Entry(FlagHead(*field), Describe(*field), 2, width);
    const Descriptor* type = field->message_type();
    if (type != nullptr && !IsAttributeValue(type)) text += Members(type, 2 + kIndent, width, 1);
  }
  for (const CustomFlag& flag : CustomFlagsOf(action)) {
    const std::string head = flag.argument.empty() ? absl::StrCat("--", flag.name, " | --no-", flag.name)
                                                   : absl::StrCat("--", flag.name, " ", flag.argument);
    text += Entry(head, flag.help, 2, width);
  }
  for (const OptionHelp& option : OptionsOf(action)) {
    text += Entry(absl::StrCat("--", option.name, option.argument.empty() ? "" : " ", option.argument), option.help, 2,
                  width);
  }
  std::vector<std::pair<std::string, std::string>> filters;
  for (const FilterName& filter : FilterNamesOf(action)) filters.emplace_back(filter.name, filter.where);
  if (!filters.empty()) {
    // Some actions call them so.
    const bool one = action.method->input_type()->FindFieldByName("filter") != nullptr;
    absl::StrAppend(&text, "\nFilters, --", one ? "filter" : "filters",
                    " Name=NAME,Values=VALUE,…, and what each looks at:\n", Aligned(filters, width));
  }
  const Descriptor* response = action.method->output_type();
  if (response->field_count() > 0) absl::StrAppend(&text, "\nAnswer:\n", Members(response, 2, width, kDeepest));
  absl::StrAppend(&text, "\n",
                  Wrap("Structures are given as Key=Value,Key=Value text or as JSON; any value as file://PATH, binary "
                       "as fileb://PATH. Options of every command: brume help",
                       2, width));
  return text;
}

std::string CommandHelpText(const std::string& name, int width) {
  width = Width(width);
  for (const Command& command : HandMadeCommands()) {
    if (command.name != name) continue;
    std::string text = absl::StrCat("brume ", command.usage, "\n\n", Wrap(command.summary, 2, width));
    if (!command.details.empty()) absl::StrAppend(&text, "\n", Wrap(command.details, 2, width));
    if (!command.options.empty()) absl::StrAppend(&text, "\n", Aligned(command.options, width));
    return text;
  }
  return "";
}

}  // namespace brume::cli
