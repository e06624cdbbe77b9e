// Waiting for a state: --wait, and `brume wait`, which is the aws CLI's waiters.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/aws_waiters.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// A describe action and what its answer must show.
struct Waiter {
  std::string name;     // "instance-running"
  std::string summary;  // for help
  std::string action;   // "describe-instances"
  std::string list;     // where the things are: "Reservations.Instances"
  std::string id;       // path of a thing's id
  std::string state;    // path of its state; empty: that it is there is enough
  std::string wanted;
  std::vector<std::string> failures = {};   // states from which it will not come
  std::vector<std::string> not_there = {};  // error codes that mean "not yet"
  std::string percent = {};                 // path of how far a thing is; empty = it does not say
  std::string message = {};                 // path of what it does, or why it failed
  std::string family = "ec2";               // whose action it is
  std::vector<Acceptor> acceptors = {};     // instead of the paths and states above
  std::string why = {};                     // with them: as AwsWaiter::why
};
const std::vector<Waiter>& Waiters();

// The verdict on one answer.
enum class WaitProgress { kWait, kDone, kFailed };
struct WaitVerdict {
  WaitProgress verdict = WaitProgress::kWait;
  std::string summary = {};  // "i-1 pending, i-2 running"
  std::string reason = {};   // when failed: which, and why
};
// `expected`: how many things the request names; 0 = it names none, and at least one must be there.
WaitVerdict Judge(const Waiter& waiter, const nlohmann::ordered_json& answer, size_t expected);

// The things an answer lists, reservations opened.
std::vector<const nlohmann::ordered_json*> ThingsAt(const nlohmann::ordered_json& answer, const std::string& path);

// "[=====>         ] 33 %"
std::string ProgressBar(int percent);

// Whether the action begins a task, an import or an export, which --wait follows to its end.
bool BeginsTask(const ApiAction& action);

// How long --wait waits unless told: a task may fetch or write gigabytes.
absl::Duration DefaultTimeout(const ApiAction& action);

// Waits until the instances of `response`, or the task it names, are in the action's wait_state, and shows their new
// state and addresses in `response`. An error names what failed, and why.
absl::Status WaitAfterAction(const Schema& schema, Client& client, const ApiAction& action, absl::Duration timeout,
                             google::protobuf::Message* response);

// Asks the waiter's describe action by `request` until its state is there. `expected`: as of Judge.
absl::Status AwaitWaiter(const Schema& schema, Client& client, const Waiter& waiter, google::protobuf::Message* request,
                         size_t expected, absl::Duration timeout);

// `brume wait NAME [flags of the describe action] [--timeout SECONDS]`; `family`: of `brume iam wait NAME`, else "".
absl::StatusOr<int> RunWait(const Schema& schema, const GlobalOptions& global, const std::vector<std::string>& tokens,
                            const std::string& family = "");

}  // namespace brume::cli
