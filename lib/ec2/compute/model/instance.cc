#include "lib/ec2/compute/model/instance.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

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

absl::Status WrongState(const Instance& instance, absl::string_view verb) {
  return ec2::ErrorAnd(absl::StrCat("It is ", StateName(instance.state), "."), ec2::kWrongState, instance.id.text(),
                       verb);
}

absl::Status CheckModifiable(const Instance& instance) {
  const bool ends = instance.state == InstanceState::kTerminated || instance.state == InstanceState::kShuttingDown;
  return ends ? WrongState(instance, "modified") : absl::OkStatus();
}

absl::Status CheckSteady(const Instance& instance) {
  if (instance.state == InstanceState::kRunning || instance.state == InstanceState::kStopped) return absl::OkStatus();
  return ec2::Error("IncorrectState", absl::StrCat("Instance '", instance.id.text(), "' is not 'running' or 'stopped'",
                                                   ": it is ", StateName(instance.state)));
}

absl::Status CheckNotHibernated(const Instance& instance, absl::string_view what) {
  if (instance.hibernation != Hibernation::kSaving && instance.hibernation != Hibernation::kSaved) {
    return absl::OkStatus();
  }
  return ec2::Error("UnsupportedOperation", absl::StrCat("The instance '", instance.id.text(), "' is hibernated, and ",
                                                         what, " cannot be changed under its memory; start it first"));
}

absl::Status CheckStopped(const Instance& instance, absl::string_view what) {
  if (instance.state == InstanceState::kStopped) return absl::OkStatus();
  return ec2::ErrorAnd(absl::StrCat("It is ", StateName(instance.state), ", and its ", what,
                                    " can be changed only while it is stopped."),
                       ec2::kNotStopped, instance.id.text());
}

}  // namespace brume
