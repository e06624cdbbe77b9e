#include "lib/ec2/compute/model/instance.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

constexpr EnumNames kStateNames({std::pair{InstanceState::kPending, "pending"},
                                 {InstanceState::kRunning, "running"},
                                 {InstanceState::kShuttingDown, "shutting-down"},
                                 {InstanceState::kTerminated, "terminated"},
                                 {InstanceState::kStopping, "stopping"},
                                 {InstanceState::kStopped, "stopped"}});
constexpr EnumNames kShutdownBehaviorNames({std::pair{ShutdownBehavior::kStop, "stop"},
                                            {ShutdownBehavior::kTerminate, "terminate"}});

}  // namespace

absl::string_view StateName(InstanceState state) { return kStateNames.Of(state); }

bool IsTransitional(InstanceState state) {
  return state == InstanceState::kPending || state == InstanceState::kStopping || state == InstanceState::kShuttingDown;
}

bool HoldsCapacity(InstanceState state) { return IsTransitional(state) || state == InstanceState::kRunning; }

absl::string_view ShutdownBehaviorName(ShutdownBehavior behavior) { return kShutdownBehaviorNames.Of(behavior); }

absl::StatusOr<ShutdownBehavior> ParseShutdownBehavior(absl::string_view name) {
  if (const auto found = kShutdownBehaviorNames.Find(name); found.has_value()) return *found;
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", name,
                                                          ") for parameter instanceInitiatedShutdownBehavior is "
                                                          "invalid. Use 'stop' or 'terminate'."));
}

}  // namespace brume
