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
#include "lib/resource/aws_actions.h"

namespace brume::cli {
namespace {

// What people type from habit with other programs, and what it is here.
struct Habit {
  const char* typed;
  const char* meant;
};
constexpr Habit kHabits[] = {{"list", "ls"},       {"ps", "ls"},        {"status", "ls"},      {"create", "launch"},
                             {"run", "launch"},    {"new", "launch"},   {"delete", "rm"},      {"remove", "rm"},
                             {"destroy", "rm"},    {"kill", "rm"},      {"terminate", "rm"},   {"restart", "reboot"},
                             {"connect", "shell"}, {"login", "shell"},  {"attach", "console"}, {"log", "logs"},
                             {"show", "info"},     {"inspect", "info"}, {"describe", "info"}};

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

std::string ByHabit(const std::string& name) {
  for (const Habit& habit : kHabits) {
    if (name == habit.typed) return absl::StrCat(" Did you mean '", habit.meant, "'?");
  }
  return "";
}

}  // namespace

std::string AwsActionName(const Schema& schema, const std::string& name, const std::string& family) {
  for (const std::string& each : schema.FamilyNames()) {
    if (!family.empty() && each != family) continue;
    for (const absl::string_view action : AwsActions(schema.SigningName(each))) {
      if (KebabFromCamel(action) == name || absl::EqualsIgnoreCase(action, name)) return std::string(action);
    }
  }
  return "";
}

std::string NoSuchAction(const Schema& schema, const std::string& name, const std::string& family) {
  const std::string all = absl::StrCat("brume help", family.empty() ? " all" : absl::StrCat(" ", family));
  const std::string known = AwsActionName(schema, name, family);
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
  std::string hint = family.empty() ? ByHabit(name) : "";
  if (hint.empty()) hint = DidYouMean(name, names);
  return absl::StrCat("there is no action '", Printable(name), "'", family.empty() ? "" : absl::StrCat(" of ", family),
                      ".", hint, " All actions: ", all);
}

}  // namespace brume::cli
