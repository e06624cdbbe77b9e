#include "cli/instance_power.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "cli/call.h"
#include "cli/instances.h"
#include "cli/open_port.h"
#include "cli/short_options.h"
#include "cli/short_table.h"
#include "cli/short_wait.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using Instances = std::vector<ec2::v1::Instance>;

constexpr absl::Duration kPatienceWithStates = absl::Minutes(10);

std::string NamesOf(const Instances& instances) {
  std::vector<std::string> names;
  for (const ec2::v1::Instance& instance : instances) names.push_back(CalledAs(instance));
  return absl::StrJoin(names, ", ");
}

template <typename Request>
Request OfInstances(const Instances& instances) {
  Request request;
  for (const ec2::v1::Instance& instance : instances) request.add_instance_ids(instance.instance_id());
  return request;
}

struct NamedInstances {
  std::unique_ptr<Client> client;
  Instances instances;
  ParsedOptions options;
};

// The instances a command names; unset when it only showed its help.
absl::StatusOr<std::optional<NamedInstances>> Named(const ShortUsage& usage, const GlobalOptions& global,
                                                    const std::vector<std::string>& tokens,
                                                    std::vector<OptionSpec> specs) {
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, std::move(specs)));
  if (!options.has_value()) return std::optional<NamedInstances>();
  NamedInstances named{.client = nullptr, .instances = {}, .options = *options};
  ASSIGN_OR_RETURN(named.client, Client::Create(global));
  ASSIGN_OR_RETURN(named.instances, FindInstances(*named.client, options->positional));
  return std::optional<NamedInstances>(std::move(named));
}

// What is said at the end: a person reads a sentence, a program the names and states.
absl::Status SayStates(const Instances& instances, const GlobalOptions& global) {
  std::string text;
  for (const ec2::v1::Instance& instance : instances) {
    const std::string name = Printable(ShortNameOf(instance)), &state = instance.state().name();
    const std::string& address = instance.public_ip_address();
    if (ShowsTables(global)) {
      absl::StrAppend(&text, name, " is ", state,
                      state == "running" && !address.empty() ? absl::StrCat(" at ", address) : "", "\n");
    } else {
      absl::StrAppend(&text, name, "\t", state, "\t", instance.instance_id(), "\n");
    }
  }
  return Print(text);
}

constexpr size_t kMostNames = 1000;

absl::StatusOr<int> RunStart(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "start", .usage = "brume start NAME …", .least = 1, .most = kMostNames};
  ASSIGN_OR_RETURN(auto named, Named(usage, global, tokens, {{"no-wait", false}, {"timeout"}}));
  if (!named.has_value()) return 0;
  ASSIGN_OR_RETURN(const absl::Duration timeout, TimeoutOf(named->options, kPatienceWithStates));
  const auto request = OfInstances<ec2::v1::StartInstancesRequest>(named->instances);
  RETURN_IF_ERROR(Call<ec2::v1::StartInstancesResponse>(*named->client, request).status());
  if (named->options.Find("no-wait")) return 0;
  const NotedInterrupt interrupt;
  RETURN_IF_ERROR(
      WaitForState(*named->client, &named->instances, "running", timeout,
                   absl::StrCat("The start of ", NamesOf(named->instances), " goes on: brume ls shows it.")));
  RETURN_IF_ERROR(SayStates(named->instances, global));
  return 0;
}

absl::StatusOr<int> RunStop(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "stop", .usage = "brume stop NAME …", .least = 1, .most = kMostNames};
  ASSIGN_OR_RETURN(auto named, Named(usage, global, tokens, {{"force", false}, {"no-wait", false}, {"timeout"}}));
  if (!named.has_value()) return 0;
  ASSIGN_OR_RETURN(const absl::Duration timeout, TimeoutOf(named->options, kPatienceWithStates));
  auto request = OfInstances<ec2::v1::StopInstancesRequest>(named->instances);
  if (named->options.Find("force")) request.set_force(true);
  RETURN_IF_ERROR(Call<ec2::v1::StopInstancesResponse>(*named->client, request).status());
  if (named->options.Find("no-wait")) return 0;
  const NotedInterrupt interrupt;
  RETURN_IF_ERROR(WaitForState(
      *named->client, &named->instances, "stopped", timeout,
      absl::StrCat("The stop of ", NamesOf(named->instances), " goes on; brume stop --force cuts the power.")));
  RETURN_IF_ERROR(SayStates(named->instances, global));
  return 0;
}

absl::StatusOr<int> RunReboot(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "reboot", .usage = "brume reboot NAME …", .least = 1, .most = kMostNames};
  ASSIGN_OR_RETURN(auto named, Named(usage, global, tokens, {}));
  if (!named.has_value()) return 0;
  const auto request = OfInstances<ec2::v1::RebootInstancesRequest>(named->instances);
  RETURN_IF_ERROR(Call<ec2::v1::RebootInstancesResponse>(*named->client, request).status());
  if (!ShowsTables(global)) return 0;
  RETURN_IF_ERROR(Print(absl::StrCat(Printable(NamesOf(named->instances)), " reboots: brume logs -f shows how.\n")));
  return 0;
}

// Asked of a person only: a script that says rm means it.
bool Agreed(const Instances& instances) {
  std::fprintf(stderr, "Terminate %s? Disks that go with an instance are deleted. [y/N] ",
               Printable(NamesOf(instances)).c_str());
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  absl::AsciiStrToLower(&answer);
  return answer == "y" || answer == "yes";
}

absl::StatusOr<int> RunRm(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "rm", .usage = "brume rm NAME … [--yes]", .least = 1, .most = kMostNames};
  ASSIGN_OR_RETURN(auto named, Named(usage, global, tokens, {{"yes", false}, {"no-wait", false}, {"timeout"}}));
  if (!named.has_value()) return 0;
  ASSIGN_OR_RETURN(const absl::Duration timeout, TimeoutOf(named->options, kPatienceWithStates));
  const bool asks = !named->options.Find("yes") && IsTerminal(STDIN_FILENO) && IsTerminal(STDERR_FILENO);
  if (asks && !Agreed(named->instances)) {
    std::fputs("Nothing was terminated.\n", stderr);
    return kExitOtherError;
  }
  const Instances before = named->instances;
  const auto request = OfInstances<ec2::v1::TerminateInstancesRequest>(named->instances);
  RETURN_IF_ERROR(Call<ec2::v1::TerminateInstancesResponse>(*named->client, request).status());
  if (named->options.Find("no-wait")) return 0;
  const NotedInterrupt interrupt;
  RETURN_IF_ERROR(WaitForState(*named->client, &named->instances, "terminated", timeout,
                               absl::StrCat("The end of ", NamesOf(named->instances), " goes on: brume ls shows it.")));
  RETURN_IF_ERROR(DeleteOpenedGroups(*named->client, before));
  RETURN_IF_ERROR(SayStates(named->instances, global));
  return 0;
}

const std::pair<std::string, std::string> kNoWait = {"--no-wait", "Return at once."};
const std::pair<std::string, std::string> kTimeout = {"--timeout SECONDS", "Give up after this long. Default: 600."};

}  // namespace

Command StartCommand() {
  return {"start",
          "start NAME … [--no-wait] [--timeout SECONDS]",
          "Starts stopped instances and waits until they are running.",
          "NAME is a Name tag, an id, or the beginning of an id.",
          {kNoWait, kTimeout},
          WithoutSchema<RunStart>};
}

Command StopCommand() {
  return {"stop",
          "stop NAME … [--force] [--no-wait] [--timeout SECONDS]",
          "Stops instances and waits until they are stopped.",
          "The guest is asked to shut down. Its disks are kept.",
          {{"--force", "Cut the power."}, kNoWait, kTimeout},
          WithoutSchema<RunStop>};
}

Command RebootCommand() {
  return {"reboot",
          "reboot NAME …",
          "Reboots instances.",
          "The guest is asked to reboot; it keeps its addresses and disks.",
          {},
          WithoutSchema<RunReboot>};
}

Command RmCommand() {
  return {"rm",
          "rm NAME … [--yes] [--no-wait] [--timeout SECONDS]",
          "Terminates instances and waits until they are gone.",
          "Asks for confirmation if standard input and standard error are a terminal. Security groups that brume open "
          "created for them are deleted too. Volumes without DeleteOnTermination are kept.",
          {{"--yes", "Do not ask."}, kNoWait, kTimeout},
          WithoutSchema<RunRm>};
}

}  // namespace brume::cli
