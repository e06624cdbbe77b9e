#include "cli/flags.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/args.h"
#include "cli/customisations.h"
#include "cli/fill.h"
#include "cli/import_first.h"
#include "cli/shorthand.h"
#include "cli/spelling.h"
#include "cli/text.h"
#include "cli/wait.h"
#include "cli/wait_after.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// More than any request needs; a mistyped device or log file is no parameter.
constexpr size_t kMaxFileBytes = 16 << 20;

const FieldDescriptor* FindFlag(const ApiAction& action, absl::string_view name) {
  const Descriptor* type = action.method->input_type();
  for (int i = 0; i < type->field_count(); ++i) {
    if (FlagName(*type->field(i)) == std::string(name)) return type->field(i);
  }
  return nullptr;
}

const CustomFlag* FindCustom(const std::vector<CustomFlag>& flags, absl::string_view name) {
  for (const CustomFlag& flag : flags) {
    if (name == absl::string_view(flag.name)) return &flag;
  }
  return nullptr;
}

bool IsFlagToken(absl::string_view token) { return token.size() > 2 && absl::StartsWith(token, "--"); }

// What stands where a flag should.
absl::Status Unexpected(const ApiAction& action, const std::string& token) {
  const std::string said = absl::StrCat("unexpected argument '", Printable(token), "': values follow a --flag.");
  if (absl::StartsWith(token, "-")) {
    return absl::InvalidArgumentError(absl::StrCat(said, " Flags begin with two dashes: brume help ", action.name));
  }
  const Kind* const kind = KindOfId(token);
  const Descriptor* type = action.method->input_type();
  for (int i = 0; kind != nullptr && i < type->field_count(); ++i) {
    if (TraitsOf(*type->field(i)).id_prefix != std::string(kind->prefix)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(said, " Did you mean '--", FlagName(*type->field(i)), " ", token, "'?"));
  }
  return absl::InvalidArgumentError(absl::StrCat(said, " All flags: brume help ", action.name));
}

// The one flag that begins with `name`; `name` itself where none does.
absl::StatusOr<std::string> Unabbreviated(const std::string& name, const std::vector<std::string>& known) {
  std::vector<std::string> meant;
  for (const std::string& flag : known) {
    if (!name.empty() && absl::StartsWith(flag, name)) meant.push_back(absl::StrCat("--", flag));
  }
  if (meant.empty()) return name;
  if (meant.size() == 1) return meant[0].substr(2);
  return absl::InvalidArgumentError(absl::StrCat("--", Printable(name), " may be short for ",
                                                 absl::StrJoin(meant, ", "), ": write the one you mean"));
}

// Groups tokens into flags with their values.
absl::StatusOr<FlagUses> CollectFlags(const ApiAction& action, const std::vector<std::string>& tokens) {
  const std::vector<std::string> known = FlagNames(action);
  const auto is_known = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  FlagUses uses;
  for (size_t i = 0; i < tokens.size();) {
    if (!IsFlagToken(tokens[i])) return Unexpected(action, tokens[i]);
    absl::string_view whole = tokens[i++];
    whole.remove_prefix(2);
    const size_t equals = whole.find('=');
    std::string name(whole.substr(0, equals));
    if (!is_known(name)) {
      ASSIGN_OR_RETURN(name, Unabbreviated(name, known));
    }
    if (!is_known(name)) {
      std::vector<std::string> names = known;
      for (const absl::string_view global : GlobalOptionNames()) names.emplace_back(absl::StripPrefix(global, "--"));
      const std::string nearest = NearestName(name, names);
      const std::string hint = nearest.empty() ? "" : absl::StrCat(" Did you mean '--", nearest, "'?");
      return absl::InvalidArgumentError(absl::StrCat("unknown flag '--", Printable(name), "' of ", action.name, ".",
                                                     hint, " All flags: brume help ", action.name));
    }
    FlagUse use{.spelled = absl::StrCat("--", name)};
    absl::string_view positive = name;
    if (absl::ConsumePrefix(&positive, "no-") && is_known(std::string(positive))) {
      use.negated = true;
      name = std::string(positive);
    }
    if (equals != absl::string_view::npos) use.values.emplace_back(whole.substr(equals + 1));
    while (i < tokens.size() && !IsFlagToken(tokens[i])) use.values.push_back(tokens[i++]);
    if (!uses.emplace(name, use).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is given twice; several values follow one flag, separated by spaces"));
    }
  }
  return uses;
}

absl::StatusOr<std::string> OneValue(const FlagUse& use) {
  if (use.values.empty()) return absl::InvalidArgumentError(absl::StrCat(use.spelled, " needs a value"));
  if (use.values.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(use.spelled, " takes one value; '", Printable(use.values[1]),
                                                   "' is one too many. Quote a value that has spaces."));
  }
  return use.values[0];
}

absl::Status NoValue(const FlagUse& use, const std::string& name) {
  if (use.values.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value: write --", name, " or --no-", name));
}

bool LooksLikeJson(const std::string& text) {
  const absl::string_view stripped = absl::StripLeadingAsciiWhitespace(text);
  return absl::StartsWith(stripped, "{") || absl::StartsWith(stripped, "[");
}

absl::StatusOr<Json> ParseStructure(const std::string& flag, const Json& value) {
  if (!value.is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " takes JSON or Key=Value text; use file:// instead of fileb://"));
  }
  std::string text = value.get<std::string>();
  absl::StripAsciiWhitespace(&text);
  absl::StatusOr<Json> parsed = LooksLikeJson(text) ? ParseJson(text) : ParseShorthand(text);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(flag, ": ", parsed.status().message()));
  return parsed;
}

absl::StatusOr<Json> ValueOfStructure(const FieldDescriptor* field, const FlagUse& use) {
  ASSIGN_OR_RETURN(std::string token, OneValue(use));
  ASSIGN_OR_RETURN(Json loaded, LoadValue(use.spelled, token));
  if (IsAttributeValue(field->message_type())) {
    // A bare value stands for {"Value": …}; what is text to base64 stays text here.
    if (loaded.is_binary()) return loaded;
    const std::string text = loaded.get<std::string>();
    if (!LooksLikeJson(text) && !absl::StartsWith(text, "Value=")) {
      if (!TakesPlainText(*field)) return loaded;
      return Json::binary({text.begin(), text.end()});
    }
  }
  return ParseStructure(use.spelled, loaded);
}

absl::StatusOr<Json> ValueOfList(const FieldDescriptor* field, const FlagUse& use) {
  const bool structures = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  Json list = Json::array();
  for (const std::string& token : use.values) {
    ASSIGN_OR_RETURN(Json loaded, LoadValue(use.spelled, token));
    if (loaded.is_string()) {
      const absl::string_view text = absl::StripLeadingAsciiWhitespace(loaded.get_ref<const std::string&>());
      if (use.values.size() == 1 && absl::StartsWith(text, "[")) return ParseStructure(use.spelled, loaded);
    }
    if (structures) {
      ASSIGN_OR_RETURN(loaded, ParseStructure(use.spelled, loaded));
    }
    list.push_back(std::move(loaded));
  }
  if (list.empty()) return absl::InvalidArgumentError(absl::StrCat(use.spelled, " needs a value"));
  return list;
}

absl::Status ApplyField(const FieldDescriptor* field, const FlagUse& use, Message* request) {
  const std::string name = FlagName(*field);
  if (IsSwitch(*field) && (use.values.empty() || !field->message_type())) {
    RETURN_IF_ERROR(NoValue(use, name));
    return FillField(!use.negated, use.spelled, field, request);
  }
  if (use.negated) return NoValue(use, name);
  if (field->is_repeated()) {
    ASSIGN_OR_RETURN(Json value, ValueOfList(field, use));
    return FillField(value, use.spelled, field, request);
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    ASSIGN_OR_RETURN(Json value, ValueOfStructure(field, use));
    return FillField(value, use.spelled, field, request);
  }
  ASSIGN_OR_RETURN(std::string token, OneValue(use));
  ASSIGN_OR_RETURN(Json value, LoadValue(use.spelled, token));
  if (TakesPlainText(*field) && value.is_string()) {
    value = Base64Encode(value.get_ref<const std::string&>());
  }
  return FillField(value, use.spelled, field, request);
}

absl::StatusOr<int> PositiveNumber(const FlagUse& use) {
  ASSIGN_OR_RETURN(std::string text, OneValue(use));
  int number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < 1) {
    return absl::InvalidArgumentError(absl::StrCat(use.spelled, " takes a number from 1 up, not '", text, "'"));
  }
  return number;
}

absl::Status ApplyOption(const std::string& name, const FlagUse& use, Invocation* invocation) {
  ActionOptions& options = invocation->options;
  if (name == "cli-input-json") {
    ASSIGN_OR_RETURN(std::string token, OneValue(use));
    ASSIGN_OR_RETURN(Json loaded, LoadValue(use.spelled, token));
    if (!loaded.is_string()) return absl::InvalidArgumentError("--cli-input-json takes file://, not fileb://");
    absl::StatusOr<Json> parsed = ParseJson(loaded.get<std::string>());
    if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(use.spelled, ": ", parsed.status().message()));
    if (!parsed->is_object()) return absl::InvalidArgumentError("--cli-input-json takes a JSON object");
    return FillMessage(*parsed, "", invocation->request.get());
  }
  if (name == "generate-cli-skeleton") {
    options.skeleton = true;
    options.skeleton_of_answer = use.values == std::vector<std::string>{"output"};
    if (use.values.empty() || options.skeleton_of_answer || use.values == std::vector<std::string>{"input"}) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("--generate-cli-skeleton takes no value, 'input' or 'output'");
  }
  if (name == "max-items") {
    ASSIGN_OR_RETURN(options.max_items, PositiveNumber(use));
  } else if (name == "page-size") {
    ASSIGN_OR_RETURN(options.page_size, PositiveNumber(use));
  } else if (name == "starting-token") {
    ASSIGN_OR_RETURN(options.starting_token, OneValue(use));
  } else if (name == "save") {
    ASSIGN_OR_RETURN(options.save, OneValue(use));
    if (options.save.empty()) return absl::InvalidArgumentError("--save needs the path of a file");
  } else if (name == "timeout") {
    ASSIGN_OR_RETURN(int seconds, PositiveNumber(use));
    options.timeout = absl::Seconds(seconds);
  } else {
    const bool ready = name == "wait" && use.values == std::vector<std::string>{"ready"};
    if (!use.values.empty() && !ready) {
      return absl::InvalidArgumentError(
          absl::StrCat(use.spelled, " takes no value", name == "wait" ? ", or 'ready' where instances start" : ""));
    }
    if (ready) options.ready = true;
    if (name == "help") options.help = true;
    if (name == "wait") options.wait = true;
    if (name == "import") options.import = true;
    if (name == "paginate") options.paginate = !use.negated;
  }
  return absl::OkStatus();
}

absl::Status CheckRequired(const Message& request) {
  std::vector<std::string> missing;
  const Descriptor* type = request.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (!TraitsOf(*field).required) continue;
    const bool present = field->is_repeated() ? request.GetReflection()->FieldSize(request, field) > 0
                                              : request.GetReflection()->HasField(request, field);
    if (!present) missing.push_back(absl::StrCat("--", FlagName(*field)));
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the following arguments are required: ", absl::StrJoin(missing, ", ")));
}

}  // namespace

bool IsSwitch(const FieldDescriptor& field) {
  if (field.is_repeated()) return false;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return true;
  return IsAttributeValue(field.message_type()) &&
         field.message_type()->field(0)->cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
}

std::vector<OptionHelp> OptionsOf(const ApiAction& action) {
  std::vector<OptionHelp> options = {
      {"cli-input-json", "JSON", "The request as JSON or file://PATH; flags beside it win."},
      {"generate-cli-skeleton", "", "Print an empty request for --cli-input-json and call nothing."},
      {"help", "", "Show this help."}};
  if (action.paginated) {
    options.push_back({"no-paginate", "", "Make one call only; without it all pages are fetched."});
    options.push_back({"max-items", "N", "Stop after N items; NextToken continues with --starting-token."});
    options.push_back({"page-size", "N", "Fetch N items a call."});
    options.push_back({"starting-token", "TOKEN", "Continue where --max-items stopped."});
  }
  if (action.api_name == "CreateKeyPair") {
    options.push_back({"save", "FILE",
                       "Write the private key to this new file, which its owner alone may read, and do not show it."});
  }
  if (TakesImport(action)) {
    options.push_back(
        {"import", "", "Import the catalogue's image that --image-id names first, where it is not there."});
  }
  if (CanWait(action)) {
    const bool ready = CanWaitForReady(action);
    options.push_back({"wait", ready ? "[ready]" : "",
                       absl::StrCat("Return when ", WaitedFor(action),
                                    ready ? "; ready: when they answer by SSH, and "
                                            "cloud-init is done where it can be asked."
                                          : ".")});
    options.push_back({"timeout", "SECONDS",
                       absl::StrCat("Give up waiting after this long. Default: ",
                                    absl::ToInt64Seconds(DefaultTimeout(action)), ".")});
  }
  return options;
}

std::vector<std::string> FlagNames(const ApiAction& action) {
  std::vector<std::string> names;
  const Descriptor* type = action.method->input_type();
  for (int i = 0; i < type->field_count(); ++i) {
    names.push_back(FlagName(*type->field(i)));
    if (IsSwitch(*type->field(i))) names.push_back(absl::StrCat("no-", names.back()));
  }
  for (const CustomFlag& flag : CustomFlagsOf(action)) {
    names.push_back(flag.name);
    if (flag.argument.empty()) names.push_back(absl::StrCat("no-", flag.name));
  }
  for (const OptionHelp& option : OptionsOf(action)) {
    names.push_back(option.name);
  }
  // The aws command line takes it of every action.
  if (!action.paginated) names.push_back("no-paginate");
  names.push_back("paginate");
  return names;
}

absl::StatusOr<Invocation> ParseInvocation(const Schema& schema, const ApiAction& action,
                                           const std::vector<std::string>& tokens) {
  Invocation invocation{.request = schema.NewMessage(action.method->input_type()), .options = {}};
  ASSIGN_OR_RETURN(FlagUses uses, CollectFlags(action, tokens));
  const std::vector<CustomFlag> custom = CustomFlagsOf(action);
  // First what flags override, then the flags.
  for (const auto& [name, use] : uses) {
    if (FindFlag(action, name) != nullptr || FindCustom(custom, name) != nullptr) continue;
    RETURN_IF_ERROR(ApplyOption(name, use, &invocation));
  }
  if (invocation.options.ready && !CanWaitForReady(action)) {
    return absl::InvalidArgumentError("--wait ready is for run-instances and start-instances; leave 'ready' out");
  }
  if (invocation.options.help || invocation.options.skeleton) return invocation;
  for (const auto& [name, use] : uses) {
    const FieldDescriptor* field = FindFlag(action, name);
    if (field != nullptr) RETURN_IF_ERROR(ApplyField(field, use, invocation.request.get()));
    const CustomFlag* flag = FindCustom(custom, name);
    if (flag != nullptr && flag->argument.empty()) RETURN_IF_ERROR(NoValue(use, name));
  }
  RETURN_IF_ERROR(ApplyCustomFlags(action, uses, invocation.request.get()));
  RETURN_IF_ERROR(CheckRequired(*invocation.request));
  return invocation;
}

absl::StatusOr<Json> LoadValue(const std::string& flag, const std::string& token) {
  const bool binary = absl::StartsWith(token, "fileb://");
  if (!binary && !absl::StartsWith(token, "file://")) return Json(token);
  std::string path = token.substr(binary ? 8 : 7);
  const char* home = std::getenv("HOME");
  if (absl::StartsWith(path, "~/") && home != nullptr) path = absl::StrCat(home, path.substr(1));
  std::ifstream file(path, std::ios::binary);
  std::string content(kMaxFileBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  // A directory opens and then does not read.
  if (!file.is_open() || file.bad() || (content.empty() && !file.eof())) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": the file '", path, "' cannot be read"));
  }
  if (content.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": the file '", path, "' is larger than 16 MiB"));
  }
  if (binary) return Json::binary({content.begin(), content.end()});
  if (!IsUtf8(content)) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": the file '", path, "' is not UTF-8 text; for its bytes as they are write fileb://"));
  }
  return Json(std::move(content));
}

Json Skeleton(const Descriptor* message) {
  Json object = Json::object();
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    Json value;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        value = Skeleton(field->message_type());
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        value = true;
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        value = "";
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        value = field->enum_type()->value(0)->name();
        break;
      default:
        value = 0;
        break;
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const FieldTraits traits = TraitsOf(*field);
      if (!traits.one_of.empty()) value = traits.one_of[0];
    }
    object[MemberName(*field)] = field->is_repeated() ? Json::array({value}) : value;
  }
  return object;
}

}  // namespace brume::cli
