// What a person sees first, and how help is asked for.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/first_screen.h"
#include "cli/help.h"
#include "cli/long_text.h"
#include "cli/man_pages.h"
#include "cli/run_help.h"
#include "cli/text.h"
#include "cli/unknown_action.h"
#include "lib/base/subprocess.h"
#include "lib/resource/aws_actions.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

using Words = std::vector<std::string>;

CommandResult Run(Words arguments) {
  arguments.insert(arguments.begin(), BRUME_PROGRAM);
  auto result = RunCommand(arguments);
  REQUIRE(result.ok());
  return *std::move(result);
}

// The tokens of help that a command line asks for, joined; "no" where it asks for none.
std::string Wanted(const Words& argv) {
  const auto line = ParseCommandLine(argv, false);
  REQUIRE(line.ok());
  const auto wanted = HelpWanted(TheSchema(), *line);
  return wanted ? absl::StrJoin(*wanted, " ") : "no";
}

TEST_CASE("the first screen has 25 lines of 80 columns at most, two examples and instances first", "[cli]") {
  const std::string screen = FirstScreen(TheSchema());
  INFO(screen);
  const std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(screen, "\n"), '\n');
  CHECK(lines.size() <= 25);
  for (const std::string& line : lines) CHECK(DisplayWidth(line) <= 80);
  CHECK(absl::StartsWith(lines[2], "  brume "));
  CHECK(absl::StartsWith(lines[3], "  brume "));
  CHECK(lines[5] == "Instances");
  for (const char* rest : {"help all", "help ACTION", "help SERVICE", "help commands"}) {
    CHECK(absl::StrContains(screen, rest));
  }
}

TEST_CASE("every command that the first screen names exists", "[cli]") {
  REQUIRE(FirstScreenNames().size() > 10);
  for (const std::string& name : FirstScreenNames()) {
    INFO(name);
    CHECK(FindCommand(name) != nullptr);
    CHECK(absl::StrContains(FirstScreen(TheSchema()), name));
  }
}

TEST_CASE("nothing, -h, --help and help show the first screen on standard output, and all is well", "[cli]") {
  const std::string screen = FirstScreen(TheSchema());
  for (const Words& arguments : {Words{}, Words{"-h"}, Words{"--help"}, Words{"help"}}) {
    const CommandResult result = Run(arguments);
    CHECK(result.exit_code == 0);
    CHECK(result.standard_output == screen);
    CHECK(result.standard_error.empty());
  }
  CHECK(Run({"version"}).standard_output == Run({"--version"}).standard_output);
  CHECK(absl::StartsWith(Run({"version"}).standard_output, "brume "));
}

TEST_CASE("help is had behind any action or command, as the aws command line asks for it too", "[cli]") {
  CHECK(Wanted({"run-instances", "--image-id", "a", "-h"}) == "run-instances");
  CHECK(Wanted({"ssh", "--help"}) == "ssh");
  CHECK(Wanted({"ec2", "-h"}) == "ec2");
  CHECK(Wanted({"ec2", "help"}) == "ec2");
  CHECK(Wanted({"ec2", "run-instances", "help"}) == "ec2 run-instances");
  CHECK(Wanted({"ec2", "run-instances", "--help"}) == "ec2 run-instances");
  CHECK(Wanted({"run-instances", "help"}) == "run-instances");
  CHECK(Wanted({"ssh", "help"}) == "no");  // an instance may be named so
  CHECK(Wanted({"ssh", "web", "--", "ls", "--help"}) == "no");
  CHECK(Wanted({"run-instances", "--image-id", "a"}) == "no");
  CHECK(absl::StrContains(Run({"stop-instances", "-h"}).standard_output, "--instance-ids"));
  CHECK(absl::StrContains(Run({"help", "all"}).standard_output, "Exit codes:"));
  CHECK(absl::StrContains(Run({"help", "commands"}).standard_output, "\n  doctor "));
  CHECK(Run({"help", "no-such"}).exit_code == 252);
  for (const Command& command : HandMadeCommands()) {
    INFO(command.name);
    const CommandResult result = Run({command.name, "--help"});
    CHECK(result.exit_code == 0);
    CHECK(absl::StrContains(result.standard_output, "brume "));
  }
}

TEST_CASE("a pager is a program and its arguments, and no shell's line", "[cli]") {
  CHECK(PagerArguments(nullptr) == Words{"less"});
  CHECK(PagerArguments("less -R  -S") == Words{"less", "-R", "-S"});
  CHECK(PagerArguments("x;id $(id)") == Words{"x;id", "$(id)"});
  CHECK(PagerArguments("").empty());
  CHECK(PagerArguments("cat").empty());
}

TEST_CASE("an action of AWS that is not served is said to be that, and a mistyped one is guessed", "[cli]") {
  const auto said = [](const std::string& name, const std::string& family = "") {
    return NoSuchAction(TheSchema(), name, family);
  };
  CHECK(said("create-vpn-gateway") == "CreateVpnGateway is not served yet. The actions that are: brume help all");
  CHECK(said("create-vpn-gateway", "ec2") ==
        "CreateVpnGateway is not served yet. The actions that are: brume help ec2");
  CHECK(absl::StrContains(said("create-vpn-gateway", "iam"), "there is no action 'create-vpn-gateway' of iam."));
  CHECK(absl::StrContains(said("RunInstances"), "Did you mean 'run-instances'?"));
  CHECK(absl::StrContains(said("run-instnces"), "Did you mean 'run-instances'?"));
  CHECK(absl::StrContains(said("stop-instance"), "Did you mean 'stop-instances'?"));
  CHECK(absl::StrContains(said("stpo"), "Did you mean 'stop'?"));
  CHECK(absl::StrContains(said("restart"), "reboot"));
  CHECK(absl::StrContains(said("s3"), "the service 's3' is not served"));
  CHECK(absl::StrContains(said("describe-instance-typ", "ec2"), "Did you mean 'describe-instance-types'?"));
  CHECK(absl::StrContains(said("evil\x1b[2J"), "evil"));
  CHECK_FALSE(absl::StrContains(said("evil\x1b[2J"), "\x1b"));
}

TEST_CASE("every service of the schema is among those whose action names are known", "[cli]") {
  CHECK(TheSchema().FamilyNames() == Words{"autoscaling", "cloudwatch", "ebs", "ec2", "iam", "sts"});
  for (const std::string& family : TheSchema().FamilyNames()) {
    INFO(family);
    CHECK_FALSE(AwsActions(TheSchema().SigningName(family)).empty());
  }
  for (const ApiAction& action : TheSchema().actions()) {
    if (action.family == "host") continue;
    INFO(action.name);
    CHECK(AwsActionName(TheSchema(), action.name, action.family) == action.api_name);
  }
}

TEST_CASE("every action has a man page, by a name of its own", "[cli]") {
  const TemporaryDirectory directory;
  CHECK(Run({"help", "--man-all", directory.path + "/man"}).exit_code == 0);
  for (const ApiAction& action : TheSchema().actions()) {
    const std::string name = ManPageName(TheSchema(), action);
    INFO(name);
    std::ifstream file(directory.path + "/man/" + name + ".1");
    std::ostringstream text;
    text << file.rdbuf();
    CHECK(text.str() == ManPageOf(TheSchema(), action));
  }
  CHECK(std::filesystem::exists(directory.path + "/man/brume.1"));
  const CommandResult page = Run({"help", "--man", "iam", "create-user"});
  CHECK(absl::StrContains(page.standard_output, ".SH FLAGS\n.TP\n.B \\-\\-"));
  CHECK(Run({"help", "--man", "no-such"}).exit_code == 252);
  CHECK(Run({"help", "--man-all", "/proc/none"}).exit_code == 252);
}

}  // namespace
}  // namespace brume::cli
