#include "cli/unknown_action.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/commands.h"
#include "cli/spelling.h"
#include "cli/text.h"

// A line for each service: its name and its actions' names, of the service models of botocore 1.43.
asm(R"(
  .section .rodata
  .global brume_aws_actions_begin, brume_aws_actions_end
brume_aws_actions_begin:
  .incbin ")" BRUME_AWS_ACTIONS_FILE R"("
brume_aws_actions_end:
  .byte 0
  .previous
)");
extern "C" const char brume_aws_actions_begin[];
extern "C" const char brume_aws_actions_end[];

namespace brume::cli {
namespace {

std::vector<std::vector<absl::string_view>> AwsActions() {
  const absl::string_view text(brume_aws_actions_begin, brume_aws_actions_end - brume_aws_actions_begin);
  std::vector<std::vector<absl::string_view>> families;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    families.emplace_back(absl::StrSplit(line, ' '));
  }
  return families;
}

// What people type from habit with other programs, and what it is here; of several the first that exists.
struct Habit {
  const char* typed;
  const char* meant;
};
constexpr Habit kHabits[] = {{"list", "ls|describe-instances"},
                             {"ps", "ls|describe-instances"},
                             {"status", "ls|describe-instances"},
                             {"create", "launch|run-instances"},
                             {"run", "launch|run-instances"},
                             {"launch", "run-instances"},
                             {"new", "launch|run-instances"},
                             {"delete", "rm|terminate-instances"},
                             {"remove", "rm|terminate-instances"},
                             {"destroy", "rm|terminate-instances"},
                             {"kill", "rm|terminate-instances"},
                             {"rm", "terminate-instances"},
                             {"terminate", "terminate-instances"},
                             {"restart", "reboot|reboot-instances"},
                             {"connect", "shell|ssh"},
                             {"login", "shell|ssh"},
                             {"attach", "console"},
                             {"log", "logs|console"},
                             {"show", "info|describe-instances"},
                             {"inspect", "info|describe-instances"},
                             {"describe", "info|describe-instances"}};

// Services of AWS that people know and Brume does not have.
constexpr absl::string_view kOtherServices[] = {"s3",      "s3api",    "lambda",
                                                "rds",     "elbv2",    "elb",
                                                "route53", "ssm",      "sns",
                                                "sqs",     "ecs",      "eks",
                                                "ecr",     "dynamodb", "cloudformation",
                                                "kms",     "efs",      "secretsmanager",
                                                "events"};

// Instances' own before the rest: of two as near the first is suggested.
std::vector<std::string> Candidates(const Schema& schema, const std::string& family) {
  std::vector<std::string> names;
  if (family.empty()) {
    for (const Command& command : HandMadeCommands()) names.push_back(command.name);
  }
  const size_t commands = names.size();
  for (const ApiAction& action : schema.actions()) {
    if (family.empty() || action.family == family) names.push_back(action.name);
  }
  std::stable_partition(names.begin() + static_cast<ptrdiff_t>(commands), names.end(), [](const std::string& name) {
    return absl::EndsWith(name, "-instances") || absl::EndsWith(name, "-instance");
  });
  return names;
}

std::string ByHabit(const std::string& name, const std::vector<std::string>& names) {
  for (const Habit& habit : kHabits) {
    if (name != habit.typed) continue;
    for (const absl::string_view meant : absl::StrSplit(habit.meant, '|')) {
      if (std::find(names.begin(), names.end(), meant) != names.end()) {
        return absl::StrCat(" Did you mean '", meant, "'?");
      }
    }
  }
  return "";
}

}  // namespace

std::string AwsActionName(const std::string& name, const std::string& family) {
  for (const std::vector<absl::string_view>& actions : AwsActions()) {
    if (!family.empty() && actions[0] != absl::string_view(family)) continue;
    for (size_t i = 1; i < actions.size(); ++i) {
      if (KebabFromCamel(actions[i]) == name || absl::EqualsIgnoreCase(actions[i], name)) {
        return std::string(actions[i]);
      }
    }
  }
  return "";
}

std::vector<std::string> AwsActionFamilies() {
  std::vector<std::string> families;
  for (const std::vector<absl::string_view>& actions : AwsActions()) families.emplace_back(actions[0]);
  return families;
}

std::string NoSuchAction(const Schema& schema, const std::string& name, const std::string& family) {
  const std::string all = absl::StrCat("brume help", family.empty() ? " all" : absl::StrCat(" ", family));
  const std::string known = AwsActionName(name, family);
  if (!known.empty()) {
    // "RunInstances" is served, and called otherwise.
    const std::string spelled = KebabFromCamel(known);
    const ApiAction* served = family.empty() ? schema.FindAction(spelled) : schema.FindActionOf(family, spelled);
    if (served != nullptr) {
      return absl::StrCat("there is no action '", Printable(name), "'. Did you mean '", served->name, "'?");
    }
    return absl::StrCat(known, " is not served yet. The actions that are: ", all);
  }
  if (family.empty() && std::find(std::begin(kOtherServices), std::end(kOtherServices), absl::string_view(name)) !=
                            std::end(kOtherServices)) {
    return absl::StrCat("the service '", name,
                        "' is not served; those that are: ", absl::StrJoin(schema.FamilyNames(), ", "));
  }
  const std::vector<std::string> names = Candidates(schema, family);
  std::string hint = ByHabit(name, names);
  if (hint.empty()) hint = DidYouMean(name, names);
  return absl::StrCat("there is no action '", Printable(name), "'", family.empty() ? "" : absl::StrCat(" of ", family),
                      ".", hint, " All actions: ", all);
}

}  // namespace brume::cli
