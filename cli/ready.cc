#include "cli/ready.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/console_history.h"
#include "cli/instances.h"
#include "cli/ssh.h"
#include "cli/table_columns.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kConsoleLines = 8;
constexpr absl::Duration kLookPause = absl::Milliseconds(500);

std::vector<std::string> InstancesNamed(const Json& answer) {
  std::vector<std::string> ids;
  for (const char* list : {"Instances", "StartingInstances", "StoppingInstances", "TerminatingInstances"}) {
    for (const Json* id : ValuesAt(answer, absl::StrCat(list, ".InstanceId"))) {
      if (id->is_string()) ids.push_back(id->get<std::string>());
    }
  }
  return ids;
}

std::string AddressOf(const Json& instance) {
  for (const char* path : {"PublicIpAddress", "Ipv6Address", "PrivateIpAddress"}) {
    std::string address = Cell(instance, path);
    if (!address.empty()) return address;
  }
  return "";
}

// Asks cloud-init on the guest, as long as it takes. What it has to say that is not good is told, and ends the waiting.
absl::Status AskCloudInit(const Json& instance, const std::string& address, absl::Duration timeout) {
  SshTarget target;
  target.instance_id = Cell(instance, "InstanceId");
  target.address = address;
  target.user = "root";
  target.identity = FindIdentity(Cell(instance, "KeyName"));
  // The guest's key is not kept: nothing secret is sent, and who logs in later shall be asked for it anew.
  target.known_hosts = "/dev/null";
  target.command = {"command -v cloud-init >/dev/null 2>&1 || exit 0; cloud-init status --wait"};
  std::vector<std::string> arguments = SshArguments(target);
  arguments.insert(arguments.begin() + 1, {"-o", "BatchMode=yes"});
  const absl::StatusOr<CommandResult> asked = RunCommand(arguments, {.timeout = timeout});
  if (absl::IsDeadlineExceeded(asked.status())) {
    return absl::DeadlineExceededError(absl::StrCat("cloud-init of ", target.instance_id, " is not done in time"));
  }
  // Without ssh, or where it lets us not in, cloud-init cannot be asked: the guest answers, which is what can be seen.
  if (!asked.ok() || asked->exit_code == 255) return absl::OkStatus();
  // 2: done, with something that was mended.
  if (asked->exit_code == 0 || asked->exit_code == 2) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("cloud-init of ", target.instance_id,
                                                    " failed: ", Printable(asked->standard_output),
                                                    Printable(asked->standard_error)));
}

absl::Status AwaitOne(const Schema& schema, Client& client, const std::string& id, absl::Time deadline) {
  const absl::Time start = absl::Now();
  Progress progress;
  while (true) {
    ASSIGN_OR_RETURN(const Json instance, FindInstance(schema, client, id));
    if (client.simulated()) {
      return absl::FailedPreconditionError("this brumed simulates: there is no guest that could answer by SSH");
    }
    const std::string state = Cell(instance, "State.Name"), address = AddressOf(instance);
    if (state != "running") {
      const std::string why = Cell(instance, "StateReason.Message");
      return absl::FailedPreconditionError(absl::StrCat(id, " is ", state, why.empty() ? "" : absl::StrCat(": ", why)));
    }
    if (!address.empty() && SpeaksSsh(address, absl::Seconds(2))) {
      progress.Show(absl::StrCat(id, " answers; waiting for cloud-init"));
      return AskCloudInit(instance, address, deadline - absl::Now());
    }
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat(id, address.empty() ? " has no address" : absl::StrCat(" does not answer by SSH at ", address),
                       " after ", absl::ToInt64Seconds(absl::Now() - start),
                       " s. Its security groups may not let you in; its console: brume console ", id));
    }
    progress.Show(absl::StrCat("waiting for ", id, " to answer by SSH"),
                  absl::StrCat(absl::ToInt64Seconds(absl::Now() - start), " s"));
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kLookPause));
  }
}

}  // namespace

absl::Status WithConsole(Client& client, const Json& answer, const absl::Status& failure) {
  const std::vector<std::string> ids = InstancesNamed(answer);
  if (ids.empty()) return failure;
  // The console is more than was asked for: where it cannot be had, the failure itself is what counts.
  const absl::StatusOr<std::string> console = ConsoleHistory(client, ids[0], kConsoleLines);
  if (!console.ok() || console->empty()) return failure;
  return absl::Status(failure.code(),
                      absl::StrCat(failure.message(), "\nThe console of ", ids[0], " ends with:\n", *console));
}

absl::Status AwaitReady(const Schema& schema, Client& client, const Json& answer, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (const std::string& id : InstancesNamed(answer)) {
    const absl::Status ready = AwaitOne(schema, client, id, deadline);
    Json named = Json::object();
    named["Instances"][0]["InstanceId"] = id;
    if (!ready.ok()) return WithConsole(client, named, ready);
  }
  return absl::OkStatus();
}

std::string KeylessNote(const Json& answer) {
  std::vector<std::string> ids;
  for (const Json* instance : ValuesAt(answer, "Instances")) {
    if (Cell(*instance, "KeyName").empty()) ids.push_back(Printable(Cell(*instance, "InstanceId")));
  }
  if (ids.empty()) return "";
  return absl::StrCat(absl::StrJoin(ids, ", "), ids.size() == 1 ? " has" : " have",
                      " no key pair: only what the image or the user data lets in can log in by SSH.\nThe console: "
                      "brume console ",
                      ids[0], "\n");
}

}  // namespace brume::cli
