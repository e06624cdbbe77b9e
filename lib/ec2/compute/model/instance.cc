#include "lib/ec2/compute/model/instance.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume {

absl::string_view StateName(InstanceState state) {
  switch (state) {
    case InstanceState::kPending:
      return "pending";
    case InstanceState::kRunning:
      return "running";
    case InstanceState::kShuttingDown:
      return "shutting-down";
    case InstanceState::kTerminated:
      return "terminated";
    case InstanceState::kStopping:
      return "stopping";
    case InstanceState::kStopped:
      return "stopped";
  }
  return "";
}

absl::StatusOr<InstanceState> ParseInstanceState(absl::string_view name) {
  for (const InstanceState state : kAllInstanceStates) {
    if (StateName(state) == name) return state;
  }
  return ec2::Error("InvalidParameterValue", absl::StrCat("'", name, "' is not an instance state"));
}

bool IsTransitional(InstanceState state) {
  return state == InstanceState::kPending || state == InstanceState::kStopping || state == InstanceState::kShuttingDown;
}

bool HoldsCapacity(InstanceState state) { return IsTransitional(state) || state == InstanceState::kRunning; }

absl::string_view ShutdownBehaviorName(ShutdownBehavior behavior) {
  return behavior == ShutdownBehavior::kStop ? "stop" : "terminate";
}

absl::StatusOr<ShutdownBehavior> ParseShutdownBehavior(absl::string_view name) {
  if (name == "stop") return ShutdownBehavior::kStop;
  if (name == "terminate") return ShutdownBehavior::kTerminate;
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", name,
                                                          ") for parameter instanceInitiatedShutdownBehavior is "
                                                          "invalid. Use 'stop' or 'terminate'."));
}

}  // namespace brume
