// --wait: what an action is waited for, beyond the states of instances and tasks that wait.h knows.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// An action whose outcome one of the waiters sees.
struct WaitedOutcome {
  const char* action;     // "CreateVolume"
  const char* waiter;     // "volume-available"
  const char* parameter;  // of the waiter's describe action: "VolumeIds", or the filter "Filters:snapshot-id"
  const char* id;         // where the answer names what was made or changed, else the request
  const char* family = "ec2";
  const char* scope = nullptr;  // a parameter that the describe action takes from the request as it is
};
const std::vector<WaitedOutcome>& WaitedOutcomes();
const WaitedOutcome* WaitedOutcomeOf(const ApiAction& action);

// Whether the action takes --wait, and what for, for help: "the volume is available".
bool CanWait(const ApiAction& action);
std::string WaitedFor(const ApiAction& action);
// Whether it takes `--wait ready`.
bool CanWaitForReady(const ApiAction& action);

// What still goes on when the waiting is interrupted, and how to see and end it.
std::string GoesOn(const ApiAction& action, const nlohmann::ordered_json& answer);

struct WaitWishes {
  bool ready = false;  // until instances answer by SSH and cloud-init is done
  absl::Duration timeout;
};
// Waits as --wait asks for, and puts into `response` what has come of it. What fails is told with its reason, of
// instances with the last lines of the console.
absl::Status AwaitOutcome(const Schema& schema, Client& client, const ApiAction& action, const WaitWishes& wishes,
                          const google::protobuf::Message& request, google::protobuf::Message* response);

}  // namespace brume::cli
