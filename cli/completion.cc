#include "cli/completion.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/filter_names.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/rpc_client.h"
#include "cli/table_columns.h"
#include "cli/text.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using google::protobuf::FieldDescriptor;

// A shell waits for us at every Tab.
constexpr absl::Duration kPatience = absl::Milliseconds(400);

const std::vector<std::string> kGlobalFlags = {"--socket",  "--endpoint", "--tls-ca", "--tls-cert",
                                               "--tls-key", "--output",   "--help"};

// "--user" of "--user NAME", and both of "--follow, --read-only".
std::vector<std::string> FlagsIn(const std::string& option_help) {
  std::vector<std::string> flags;
  for (size_t at = option_help.find("--"); at != std::string::npos; at = option_help.find("--", at + 2)) {
    flags.push_back(option_help.substr(at, option_help.find_first_of(" ,", at) - at));
  }
  return flags;
}

const Waiter* FindWaiter(const std::string& name) {
  for (const Waiter& waiter : Waiters()) {
    if (waiter.name == name) return &waiter;
  }
  return nullptr;
}

// The last flag before `index`, without dashes; "" when there is none.
std::string FlagBefore(const std::vector<std::string>& words, size_t from, size_t index) {
  for (size_t i = index; i-- > from;) {
    if (absl::StartsWith(words[i], "--")) return words[i].substr(2);
  }
  return "";
}

constexpr char kName[] = "Name";

// EC2 calls them so, or so.
bool IsFilterFlag(absl::string_view flag) { return flag == "filters" || flag == "filter"; }

// "Name=tag-key" of each filter; of tags, whose keys are the user's, as far as it is known.
std::vector<std::string> FilterCandidates(const ApiAction& action) {
  std::vector<std::string> all;
  for (const FilterName& filter : FilterNamesOf(action)) {
    all.push_back(absl::StrCat(kName, "=", absl::StripSuffix(filter.name, "KEY")));
  }
  return all;
}

// bash ends a word at "=": of "--filters Name=tag" the words are "Name", "=" and "tag", and a candidate for the last
// takes the place of "tag" alone, or that of nothing where "=" is the last.
bool IsFilterName(const std::vector<std::string>& words, size_t index) {
  if (!IsFilterFlag(FlagBefore(words, 1, index))) return false;
  const bool at_sign = index < words.size() && words[index] == "=";
  if (at_sign) return words[index - 1] == kName;
  return words[index - 1] == "=" && words[index - 2] == kName;
}

class Completer {
 public:
  Completer(const Schema& schema, const GlobalOptions& global, IdSource ids)
      : schema_(schema), global_(global), ids_(ids) {}

  std::vector<std::string> Commands() const {
    std::vector<std::string> all = schema_.ActionNames();
    for (const Command& command : HandMadeCommands()) all.push_back(command.name);
    for (const std::string& family : schema_.FamilyNames()) all.push_back(family);
    return all;
  }

  std::vector<std::string> ActionsOf(const std::string& family) const {
    std::vector<std::string> all;
    for (const ApiAction& action : schema_.actions()) {
      if (action.family == family) all.push_back(action.name);
    }
    return all;
  }

  // "brume iam create-user …": `at` is where the family stands.
  std::vector<std::string> ForFamily(const std::vector<std::string>& words, size_t at, size_t index,
                                     bool wants_flag) const {
    if (index == at + 1) return wants_flag ? std::vector<std::string>{"--help"} : ActionsOf(words[at]);
    const ApiAction* action = schema_.FindActionOf(words[at], words[at + 1]);
    if (action == nullptr) return {};
    return ForAction(*action, FlagBefore(words, at + 2, index), wants_flag);
  }

  std::vector<std::string> ForAction(const ApiAction& action, const std::string& flag, bool wants_flag) const {
    std::vector<std::string> all;
    if (wants_flag || flag.empty()) {
      for (const std::string& name : FlagNames(action)) all.push_back(absl::StrCat("--", name));
      all.insert(all.end(), kGlobalFlags.begin(), kGlobalFlags.end());
      return all;
    }
    const auto* type = action.method->input_type();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      if (FlagName(field) != flag) continue;
      if (IsFilterFlag(flag)) return FilterCandidates(action);
      const FieldTraits traits = TraitsOf(field);
      if (!traits.one_of.empty()) return traits.one_of;
      if (!traits.id_prefix.empty()) return ids_(schema_, global_, traits.id_prefix);
      if (flag == "resources") return ids_(schema_, global_, InstanceId::kKind.prefix);
      if (flag == "key-name" || flag == "key-names") return ids_(schema_, global_, "");
    }
    return all;
  }

  std::vector<std::string> ForCommand(const Command& command, const std::vector<std::string>& words, size_t at,
                                      size_t index, bool wants_flag) const {
    std::vector<std::string> all;
    if (command.name == "help" && index == at + 2 && schema_.HasFamily(words[at + 1])) {
      all = ActionsOf(words[at + 1]);
    } else if (command.name == "help") {
      all = Commands();
      all.insert(all.end(), {"--markdown", "--man"});
    } else if (command.name == "completion") {
      all = {"bash"};
    } else if (command.name == "wait") {
      const Waiter* waiter = index > at + 1 ? FindWaiter(words[at + 1]) : nullptr;
      const ApiAction* action = waiter ? schema_.FindAction(waiter->action) : nullptr;
      if (action != nullptr) {
        all = ForAction(*action, FlagBefore(words, at + 2, index), wants_flag);
        if (wants_flag) all.push_back("--timeout");
      } else if (index == at + 1) {
        for (const Waiter& known : Waiters()) all.push_back(known.name);
      }
    } else if (wants_flag) {
      for (const auto& [option, what] : command.options) {
        for (const std::string& flag : FlagsIn(option)) all.push_back(flag);
      }
      all.insert(all.end(), kGlobalFlags.begin(), kGlobalFlags.end());
    } else if ((command.name == "ssh" || command.name == "console") && index == at + 1) {
      all = ids_(schema_, global_, InstanceId::kKind.prefix);
    } else if (command.name == "snapshot" && index == at + 1) {
      all = {"export", "import"};
    } else if (command.name == "snapshot" && index == at + 2 && words[at + 1] == "export") {
      all = ids_(schema_, global_, SnapshotId::kKind.prefix);
    }
    return all;
  }

 private:
  const Schema& schema_;
  const GlobalOptions& global_;
  const IdSource ids_;
};

}  // namespace

std::string ShellWord(absl::string_view text) {
  constexpr absl::string_view kPlain = "-_./:=+@,%";
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(kPlain, absl::string_view(&c, 1));
  });
  if (plain) return std::string(text);
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string BashCompletionScript() {
  return R"sh(# bash completion of brume. In ~/.bashrc: eval "$(brume completion bash)"
_brume() {
  # A line is one word, quoted where it must be. Nothing here may evaluate it: names come from whoever may make a key.
  mapfile -t COMPREPLY < <(brume __complete "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
}
complete -o default -o nosort -F _brume brume
)sh";
}

std::vector<std::string> Complete(const Schema& schema, const std::vector<std::string>& words, size_t index,
                                  IdSource ids) {
  if (index == 0 || index > words.size()) return {};
  const std::string prefix = index < words.size() ? words[index] : "";
  const std::vector<std::string> before(words.begin() + 1, words.begin() + index);
  const bool wants_flag = absl::StartsWith(prefix, "-");

  // Where the command stands: the first word that is neither an option nor an option's value.
  size_t at = 1;
  while (at < index && absl::StartsWith(words[at], "-")) {
    const bool alone = absl::StrContains(words[at], "=") || words[at] == "--help" || words[at] == "--version";
    at += alone ? 1 : 2;
  }
  // What was typed so far says where the daemon is; half a line may not parse, then the defaults hold.
  const absl::StatusOr<CommandLine> line = ParseCommandLine(before, true);
  const absl::StatusOr<CommandLine> defaults = ParseCommandLine({}, true);
  const GlobalOptions global = line.ok() ? line->global : defaults.ok() ? defaults->global : GlobalOptions();

  const Completer completer(schema, global, ids);
  std::vector<std::string> all;
  if (words[index - 1] == "--output") {
    all = {"table", "json", "text"};
  } else if (at >= index) {
    all = wants_flag ? kGlobalFlags : completer.Commands();
  } else if (const ApiAction* action = schema.FindAction(words[at])) {
    all = completer.ForAction(*action, FlagBefore(words, at + 1, index), wants_flag);
  } else if (schema.HasFamily(words[at])) {
    all = completer.ForFamily(words, at, index, wants_flag);
  } else if (const Command* command = FindCommand(words[at])) {
    all = completer.ForCommand(*command, words, at, index, wants_flag);
  }
  const bool filter_name = IsFilterName(words, index);
  const std::string typed = filter_name ? absl::StrCat(kName, "=", prefix == "=" ? "" : prefix) : prefix;
  std::vector<std::string> matching;
  for (const std::string& candidate : all) {
    if (!absl::StartsWith(candidate, typed)) continue;
    matching.push_back(ShellWord(filter_name ? candidate.substr(std::string(kName).size() + 1) : candidate));
  }
  std::sort(matching.begin(), matching.end());
  matching.erase(std::unique(matching.begin(), matching.end()), matching.end());
  return matching;
}

std::vector<std::string> IdsFromDaemon(const Schema& schema, const GlobalOptions& global, absl::string_view prefix) {
  struct Source {
    absl::string_view prefix;
    const char* action;
    const char* list;
    const char* id;
  };
  static constexpr Source kSources[] = {
      {"", "describe-key-pairs", "KeyPairs", "KeyName"},
      {InstanceId::kKind.prefix, "describe-instances", "Reservations.Instances", "InstanceId"},
      {ImageId::kKind.prefix, "describe-images", "Images", "ImageId"},
      {SnapshotId::kKind.prefix, "describe-snapshots", "Snapshots", "SnapshotId"},
      {VpcId::kKind.prefix, "describe-vpcs", "Vpcs", "VpcId"},
      {SubnetId::kKind.prefix, "describe-subnets", "Subnets", "SubnetId"},
      {SecurityGroupId::kKind.prefix, "describe-security-groups", "SecurityGroups", "GroupId"},
      {SecurityGroupRuleId::kKind.prefix, "describe-security-group-rules", "SecurityGroupRules", "SecurityGroupRuleId"},
      {KeyPairId::kKind.prefix, "describe-key-pairs", "KeyPairs", "KeyPairId"}};
  std::vector<std::string> ids;
  for (const Source& source : kSources) {
    const ApiAction* action = schema.FindAction(source.action);
    if (source.prefix != prefix || action == nullptr) continue;
    const absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(global);
    if (!client.ok()) return ids;
    const auto request = schema.NewMessage(action->method->input_type());
    const auto response = schema.NewMessage(action->method->output_type());
    // No candidates are the answer to any failure: there is nowhere to say more.
    if (!(*client)->Call(*action->method, *request, response.get(), kPatience).ok()) return ids;
    const nlohmann::ordered_json answer = ToJson(*response);
    for (const nlohmann::ordered_json* thing : ThingsAt(answer, source.list)) {
      const std::string id = Cell(*thing, source.id);
      // What holds a control character cannot be typed.
      if (id == Printable(id)) ids.push_back(id);
    }
  }
  return ids;
}

absl::StatusOr<int> RunCompletion(const GlobalOptions& /*global*/, const std::vector<std::string>& tokens) {
  if (tokens.size() != 1 || tokens[0] != "bash") {
    return absl::InvalidArgumentError("completion is there for bash: brume completion bash");
  }
  RETURN_IF_ERROR(Print(BashCompletionScript()));
  return 0;
}

}  // namespace brume::cli
