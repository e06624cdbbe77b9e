#include "cli/completion.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/filter_names.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"

namespace brume::cli {
namespace {

using google::protobuf::FieldDescriptor;

const std::vector<std::string> kGlobalFlags = {"--socket", "--endpoint", "--tls-ca", "--tls-cert", "--tls-key",
                                               "--output", "--query",    "--color",  "--help"};

// Flags of every command whose value is a file here.
constexpr absl::string_view kFileFlags[] = {"save", "tls-ca", "tls-cert", "tls-key", "socket", "identity", "dir"};

bool TakesFile(absl::string_view flag) {
  return std::find(std::begin(kFileFlags), std::end(kFileFlags), flag) != std::end(kFileFlags);
}

// "--user" of "--user NAME", and both of "--follow, --read-only".
std::vector<std::string> FlagsIn(const std::string& option_help) {
  std::vector<std::string> flags;
  for (size_t at = option_help.find("--"); at != std::string::npos; at = option_help.find("--", at + 2)) {
    flags.push_back(option_help.substr(at, option_help.find_first_of(" ,", at) - at));
  }
  return flags;
}

// What stands at a position behind the command's name in its usage: "NAME" of "start NAME … [--force]", at any
// position there, "IMAGE" of "launch [IMAGE]". "" for nothing, or a word that is written as it is.
std::string PlaceholderAt(absl::string_view usage, size_t position) {
  const std::vector<std::string> words = absl::StrSplit(usage.substr(0, usage.find(" | ")), ' ');
  std::string last;
  size_t at = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "…") return last;
    if (absl::StrContains(words[i], "--")) return "";
    last = std::string(absl::StripSuffix(absl::StripPrefix(words[i], "["), "]"));
    if (!std::all_of(last.begin(), last.end(), [](unsigned char c) { return absl::ascii_isupper(c); })) last.clear();
    if (at++ == position && (i + 1 == words.size() || words[i + 1] != "…")) return last;
  }
  return "";
}

// "FILE" of the option "--identity FILE"; "" where it takes none.
std::string FlagArgument(const Command& command, const std::string& flag) {
  for (const auto& [option, what] : command.options) {
    for (const absl::string_view spelled : absl::StrSplit(option, ", ")) {
      const std::vector<absl::string_view> words = absl::StrSplit(spelled, ' ');
      if (words.size() > 1 && words[0] == absl::string_view(flag)) return std::string(words[1]);
    }
  }
  return "";
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

// EC2 calls them so, or so.
bool IsFilterFlag(absl::string_view flag) { return flag == "filters" || flag == "filter"; }

// "Name=tag-key" of each filter; of tags, whose keys are the user's, as far as it is known.
std::vector<std::string> FilterCandidates(const ApiAction& action) {
  std::vector<std::string> all;
  for (const FilterName& filter : FilterNamesOf(action)) {
    all.push_back(absl::StrCat("Name=", absl::StripSuffix(filter.name, "KEY")));
  }
  return all;
}

// What is typed of a word, and the part of it that the shell keeps: bash ends a word at "=", so that of
// "Name=tag,Values=a" the words are "Name", "=", "tag,Values", "=" and "a", and a candidate takes the place of the
// last.
struct Typed {
  size_t first;  // where the word begins
  std::string kept;
  std::string last;

  std::string Whole() const { return kept + last; }
};

Typed TypedAt(const std::vector<std::string>& words, size_t index) {
  Typed typed{.first = index, .kept = "", .last = index < words.size() ? words[index] : ""};
  if (typed.last == "=") typed.last.clear(), typed.kept = "=";
  while (typed.first > 1 && (words[typed.first - 1] == "=" || absl::StartsWith(typed.kept, "="))) {
    typed.kept = words[--typed.first] + typed.kept;
  }
  return typed;
}

void AddAll(const std::vector<std::string>& values, std::vector<Candidate>* candidates) {
  for (const std::string& value : values) candidates->push_back({value});
}

std::vector<Candidate> ToCandidates(const std::vector<std::string>& values) {
  std::vector<Candidate> candidates;
  AddAll(values, &candidates);
  return candidates;
}

class Completer {
 public:
  Completer(const Schema& schema, const GlobalOptions& global, CandidateSource source, bool described)
      : schema_(schema), global_(global), source_(source), described_(described) {}

  std::vector<Candidate> Commands() const {
    std::vector<Candidate> all;
    for (const ApiAction& action : schema_.actions()) all.push_back({action.name, FirstOf(action)});
    for (const Command& command : HandMadeCommands()) all.push_back({command.name, command.summary});
    AddAll(schema_.FamilyNames(), &all);
    return all;
  }

  std::vector<Candidate> ActionsOf(const std::string& family) const {
    std::vector<Candidate> all;
    for (const ApiAction& action : schema_.actions()) {
      if (action.family == family) all.push_back({action.name, FirstOf(action)});
    }
    return all;
  }

  // "brume iam create-user …": `at` is where the family stands.
  std::vector<Candidate> ForFamily(const std::vector<std::string>& words, size_t at, const Typed& typed,
                                   bool wants_flag) const {
    if (typed.first == at + 1) {
      if (wants_flag) return {{"--help"}};
      std::vector<Candidate> all = ActionsOf(words[at]);
      all.push_back({"wait", "wait for a state"});
      return all;
    }
    if (words[at + 1] == "wait") return ForWait(words, at + 1, typed, wants_flag, words[at]);
    const ApiAction* action = schema_.FindActionOf(words[at], words[at + 1]);
    if (action == nullptr) return {};
    return ForAction(*action, FlagBefore(words, at + 2, typed.first), typed, wants_flag);
  }

  std::vector<Candidate> ForAction(const ApiAction& action, const std::string& flag, const Typed& typed,
                                   bool wants_flag) const {
    std::vector<Candidate> all;
    if (wants_flag || flag.empty()) {
      for (const std::string& name : FlagNames(action)) all.push_back({absl::StrCat("--", name)});
      AddAll(kGlobalFlags, &all);
      return all;
    }
    const std::string whole = typed.Whole();
    if (absl::StartsWith(whole, "file://") || absl::StartsWith(whole, "fileb://")) return FilesAt(whole);
    const auto* type = action.method->input_type();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      if (FlagName(field) == flag) return ForField(action, field, whole);
    }
    return all;
  }

  std::vector<Candidate> ForWait(const std::vector<std::string>& words, size_t at, const Typed& typed, bool wants_flag,
                                 const std::string& family) const {
    if (typed.first == at + 1) {
      std::vector<Candidate> all;
      for (const Waiter& known : Waiters()) {
        if (family.empty() || known.family == family) all.push_back({known.name, known.summary});
      }
      return all;
    }
    const Waiter* waiter = FindWaiter(words[at + 1]);
    const ApiAction* action = waiter ? schema_.FindActionOf(waiter->family, waiter->action) : nullptr;
    if (action == nullptr) return {};
    std::vector<Candidate> all = ForAction(*action, FlagBefore(words, at + 2, typed.first), typed, wants_flag);
    if (wants_flag) all.push_back({"--timeout"});
    return all;
  }

  std::vector<Candidate> ForCommand(const Command& command, const std::vector<std::string>& words, size_t at,
                                    const Typed& typed, bool wants_flag) const {
    const size_t index = typed.first;
    if (command.name == "help" && index == at + 2 && schema_.HasFamily(words[at + 1])) return ActionsOf(words[at + 1]);
    if (command.name == "help") {
      std::vector<Candidate> all = Commands();
      AddAll({"all", "commands", "--markdown", "--man", "--man-all", "--web"}, &all);
      return all;
    }
    if (command.name == "completion") return ToCandidates(CompletionShells());
    if (command.name == "wait") return ForWait(words, at, typed, wants_flag, "");
    if (wants_flag) {
      std::vector<Candidate> all;
      for (const auto& [option, what] : command.options) {
        for (const std::string& flag : FlagsIn(option)) all.push_back({flag, what});
      }
      AddAll(kGlobalFlags, &all);
      return all;
    }
    if (command.name == "snapshot") return ForSnapshot(command, words, at, typed);
    const std::string& previous = words[index - 1];
    if (absl::StartsWith(previous, "--")) {
      const std::string argument = FlagArgument(command, previous);
      if (!argument.empty()) return ForPlaceholder(argument, previous, typed);
    }
    return ForPlaceholder(PlaceholderAt(command.usage, index - at - 1), "", typed);
  }

 private:
  std::string FirstOf(const ApiAction& action) const {
    return described_ ? FirstSentence(CommentOf(*action.method)) : "";
  }

  // `flag`: whose argument the word is; empty = it stands by itself.
  std::vector<Candidate> ForPlaceholder(const std::string& placeholder, absl::string_view flag,
                                        const Typed& typed) const {
    if (placeholder == "FILE" || placeholder == "DIRECTORY") return FilesAt(typed.Whole());
    if (placeholder == "TYPE") return source_(schema_, global_, ValuesOf("ec2", "instance_type"));
    if (placeholder == "GROUP") return source_(schema_, global_, ValuesOf("autoscaling", "auto_scaling_group_name"));
    if (placeholder == "IMAGE") return source_(schema_, global_, ImageNames());
    if (flag == "--key") return source_(schema_, global_, ValuesOf("ec2", "key_name"));
    // Behind another flag a NAME is one of something else, or a new one.
    const bool instance = absl::StartsWith(placeholder, "ID") || (placeholder == "NAME" && flag.empty());
    if (instance) return source_(schema_, global_, IdsOf(InstanceId::kKind.prefix));
    return {};
  }

  std::vector<Candidate> ForSnapshot(const Command& command, const std::vector<std::string>& words, size_t at,
                                     const Typed& typed) const {
    if (typed.first == at + 1) {
      std::vector<Candidate> all = ForPlaceholder(PlaceholderAt(command.usage, 0), "", typed);
      AddAll({"export", "import"}, &all);
      return all;
    }
    const bool exported = words[at + 1] == "export";
    if (exported && typed.first == at + 2) return source_(schema_, global_, IdsOf(SnapshotId::kKind.prefix));
    const bool file = exported ? typed.first == at + 3 : words[at + 1] == "import" && typed.first == at + 2;
    return file ? FilesAt(typed.Whole()) : std::vector<Candidate>();
  }

  std::vector<Candidate> ForField(const ApiAction& action, const FieldDescriptor& field,
                                  const std::string& whole) const {
    const std::string flag = FlagName(field);
    if (IsFilterFlag(flag)) return ForFilter(action, whole);
    const FieldTraits traits = TraitsOf(field);
    if (!traits.one_of.empty()) return ToCandidates(traits.one_of);
    if (flag == "resources") return source_(schema_, global_, IdsOf(InstanceId::kKind.prefix));
    if (!traits.id_prefix.empty()) return source_(schema_, global_, IdsOf(traits.id_prefix));
    const ValueQuestion question = ValuesOf(action.family, field.name());
    // The action that is being made is about a name that nobody has yet.
    if (question.action.empty() || absl::StartsWith(action.name, "create-") ||
        absl::StartsWith(action.name, "import-")) {
      return {};
    }
    return source_(schema_, global_, question);
  }

  // "Name=…" or "Name=x,Values=…".
  std::vector<Candidate> ForFilter(const ApiAction& action, const std::string& whole) const {
    const std::string behind = ",Values=";
    const size_t values = whole.find(behind);
    if (values == std::string::npos || !absl::StartsWith(whole, "Name=")) {
      return ToCandidates(FilterCandidates(action));
    }
    const std::string filter = whole.substr(5, values - 5);
    // What stands before the last comma is done.
    const std::string done = whole.substr(0, std::max(values + behind.size(), whole.rfind(',') + 1));
    const ValueQuestion question = FilterValuesOf(action, filter);
    std::vector<Candidate> all;
    if (!question.action.empty()) all = source_(schema_, global_, question);
    if (filter == "instance-state-name") {
      AddAll({"pending", "running", "shutting-down", "terminated", "stopping", "stopped"}, &all);
    }
    for (Candidate& candidate : all) candidate.value = absl::StrCat(done, candidate.value);
    return all;
  }

  const Schema& schema_;
  const GlobalOptions& global_;
  const CandidateSource source_;
  const bool described_;
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

std::vector<Candidate> CandidatesFor(const Schema& schema, const std::vector<std::string>& words, size_t index,
                                     CandidateSource source, bool described) {
  if (index == 0 || index > words.size()) return {};
  const Typed typed = TypedAt(words, index);
  const std::vector<std::string> before(words.begin() + 1, words.begin() + static_cast<ptrdiff_t>(typed.first));
  const bool wants_flag = absl::StartsWith(typed.Whole(), "-");

  // Where the command stands: the first word that is neither an option nor an option's value.
  size_t at = 1;
  while (at < typed.first && absl::StartsWith(words[at], "-")) {
    const bool alone = absl::StrContains(words[at], "=") || words[at] == "--help" || words[at] == "--version" ||
                       words[at] == "-h" || absl::StartsWith(words[at], "--no-");
    at += alone ? 1 : 2;
  }
  // What was typed so far says where the daemon is; half a line may not parse, then the defaults hold.
  const absl::StatusOr<CommandLine> line = ParseCommandLine(before, true);
  const absl::StatusOr<CommandLine> defaults = ParseCommandLine({}, true);
  const GlobalOptions global = line.ok() ? line->global : defaults.ok() ? defaults->global : GlobalOptions();

  const Completer completer(schema, global, source, described);
  const std::string& previous = words[typed.first - 1];
  std::vector<Candidate> all;
  if (previous == "--output") {
    all = ToCandidates({"table", "json", "text", "yaml"});
  } else if (previous == "--color") {
    all = ToCandidates({"on", "off", "auto"});
  } else if (absl::StartsWith(previous, "--") && TakesFile(absl::string_view(previous).substr(2))) {
    all = FilesAt(typed.Whole());
  } else if (at >= typed.first) {
    all = wants_flag ? ToCandidates(kGlobalFlags) : completer.Commands();
  } else if (const ApiAction* action = schema.FindAction(words[at])) {
    all = completer.ForAction(*action, FlagBefore(words, at + 1, typed.first), typed, wants_flag);
  } else if (schema.HasFamily(words[at])) {
    all = completer.ForFamily(words, at, typed, wants_flag);
  } else if (const Command* command = FindCommand(words[at])) {
    all = completer.ForCommand(*command, words, at, typed, wants_flag);
  }
  std::vector<Candidate> matching;
  for (const Candidate& candidate : all) {
    if (!absl::StartsWith(candidate.value, typed.Whole())) continue;
    matching.push_back({candidate.value.substr(typed.kept.size()), candidate.what});
  }
  const auto less = [](const Candidate& a, const Candidate& b) { return a.value < b.value; };
  const auto same = [](const Candidate& a, const Candidate& b) { return a.value == b.value; };
  std::stable_sort(matching.begin(), matching.end(), less);
  matching.erase(std::unique(matching.begin(), matching.end(), same), matching.end());
  return matching;
}

std::vector<std::string> Complete(const Schema& schema, const std::vector<std::string>& words, size_t index,
                                  CandidateSource source) {
  std::vector<std::string> values;
  for (const Candidate& candidate : CandidatesFor(schema, words, index, source, /*described=*/false)) {
    values.push_back(ShellWord(candidate.value));
  }
  return values;
}

absl::StatusOr<int> RunComplete(const Schema& schema, const std::vector<std::string>& argv) {
  const bool raw = argv.size() > 1 && argv[1] == "raw";
  const size_t at = raw ? 2 : 1;
  size_t index = 0;
  if (argv.size() < at + 2 || !absl::SimpleAtoi(argv[at], &index)) return kExitUsage;
  const std::vector<std::string> words(argv.begin() + static_cast<ptrdiff_t>(at) + 1, argv.end());
  for (const Candidate& candidate : CandidatesFor(schema, words, index, CandidatesFromDaemon, raw)) {
    const std::string line = !raw                     ? ShellWord(candidate.value)
                             : candidate.what.empty() ? candidate.value
                                                      : absl::StrCat(candidate.value, "\t", candidate.what);
    RETURN_IF_ERROR(Print(absl::StrCat(line, "\n")));
  }
  return 0;
}

absl::StatusOr<int> RunCompletion(const GlobalOptions& /*global*/, const std::vector<std::string>& tokens) {
  const std::string script = tokens.size() == 1 ? CompletionScript(tokens[0]) : "";
  if (script.empty()) {
    return absl::InvalidArgumentError("completion is there for three shells: brume completion bash|zsh|fish");
  }
  RETURN_IF_ERROR(Print(script));
  return 0;
}

}  // namespace brume::cli
