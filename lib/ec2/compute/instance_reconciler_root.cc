// The steps that replace the root volume of an instance. Part of InstanceReconciler, in a file of its own.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"

namespace brume::compute {
namespace {

using State = RootReplacementState;

// Another reconciler makes the new volume, or takes a snapshot of one of the two.
constexpr absl::Duration kPoll = absl::Milliseconds(100);

bool IsEnding(const Instance& instance) {
  return instance.state == InstanceState::kShuttingDown || instance.state == InstanceState::kTerminated;
}

}  // namespace

absl::StatusOr<std::optional<absl::Duration>> InstanceReconciler::FollowRootReplacement(Guest& guest) {
  const Instance& instance = guest.instance;
  ASSIGN_OR_RETURN(const std::optional<RootReplacementStage> stage,
                   parts_.database.ReadFor([&](store::Connection& c) { return FindRootReplacement(c, instance.id); }));
  if (!stage.has_value()) return std::nullopt;
  if (IsEnding(instance)) {
    RETURN_IF_ERROR(EndTask(*stage, State::kFailed, "the instance is terminated"));
    return std::nullopt;
  }
  // One that is being stopped is followed where it gets to.
  if (instance.state == InstanceState::kStopping) return std::nullopt;
  const bool settled = instance.state != InstanceState::kPending;
  if (stage->task.state == State::kPending) return AwaitNewRoot(*stage, instance);
  if (stage->task.state == State::kFailing) {
    if (!settled) return std::nullopt;
    RETURN_IF_ERROR(EndTask(*stage, State::kFailed, "the guest did not start from the new volume"));
    return absl::ZeroDuration();
  }
  if (!stage->switched) return SwitchRootOf(*stage, guest);
  if (!settled) return std::nullopt;
  RETURN_IF_ERROR(Failpoint("instance.root_running"));
  RETURN_IF_ERROR(EndTask(*stage, State::kSucceeded, ""));
  return absl::ZeroDuration();
}

// The guest goes on until the new volume is there.
absl::StatusOr<std::optional<absl::Duration>> InstanceReconciler::AwaitNewRoot(const RootReplacementStage& stage,
                                                                               const Instance& instance) {
  if (stage.fresh.has_value() && stage.fresh->state == VolumeState::kCreating) return kPoll;
  if (const std::string why = WhyNotSwitched(stage, instance); !why.empty()) {
    RETURN_IF_ERROR(EndTask(stage, State::kFailed, why));
    return absl::ZeroDuration();
  }
  RootReplacement task = stage.task;
  task.state = State::kInProgress;
  task.state_since = parts_.clock.Now();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return RootReplacementTable(c).Update(task); }));
  RETURN_IF_ERROR(Failpoint("instance.root_begun"));
  return absl::ZeroDuration();
}

absl::StatusOr<std::optional<absl::Duration>> InstanceReconciler::SwitchRootOf(const RootReplacementStage& stage,
                                                                               Guest& guest) {
  absl::Duration again = absl::ZeroDuration();
  ASSIGN_OR_RETURN(const bool off,
                   PowerOff(guest.instance, stage.task.state_since + parts_.settings.shutdown_timeout, &again));
  if (!off) return again;
  RETURN_IF_ERROR(Failpoint("instance.root_off"));
  if (const std::string why = WhyNotSwitched(stage, guest.instance); !why.empty()) {
    // The guest is off for this task alone: it is started again from what it has, also where this process ends now.
    RETURN_IF_ERROR(EndTask(stage, State::kFailed, why, &guest.instance));
    return absl::ZeroDuration();
  }
  // The guest is off. Where nothing is switched its launch gives it the volume again.
  RETURN_IF_ERROR(parts_.disks.GiveVolume(stage.old->id, 0));
  const absl::Status switched = parts_.database.Write(
      [&](store::Connection& c) { return SwitchRoot(c, parts_.clock.Now(), stage, guest.instance); });
  if (absl::IsAborted(switched)) return kPoll;
  RETURN_IF_ERROR(switched);
  log::Info("the root volume of {} is {} in the place of {}", guest.instance.id.text(), stage.fresh->id.text(),
            stage.old->id.text());
  RETURN_IF_ERROR(Failpoint("instance.root_switched"));
  return absl::ZeroDuration();
}

absl::StatusOr<bool> InstanceReconciler::RestoreRootOf(const Guest& guest) {
  ASSIGN_OR_RETURN(const std::optional<RootReplacementStage> stage, parts_.database.ReadFor([&](store::Connection& c) {
    return FindRootReplacement(c, guest.instance.id);
  }));
  if (!stage.has_value() || stage->task.state != State::kInProgress || !stage->switched) return false;
  RETURN_IF_ERROR(parts_.hypervisor.CutPower(guest.instance.id));
  ASSIGN_OR_RETURN(const bool restored, parts_.database.WriteFor([&](store::Connection& c) {
    return RestoreRoot(c, parts_.clock.Now(), *stage, guest.instance);
  }));
  if (!restored) {
    RETURN_IF_ERROR(EndTask(*stage, State::kFailed, "the guest did not start, and the old volume is gone"));
    return false;
  }
  log::Warn("the root volume of {} is {} again", guest.instance.id.text(), stage->task.replaced_id.text());
  RETURN_IF_ERROR(Failpoint("instance.root_restored"));
  parts_.wake_volume(stage->task.volume_id);
  return true;
}

absl::Status InstanceReconciler::EndTask(const RootReplacementStage& stage, RootReplacementState state,
                                         const std::string& why, const Instance* relaunched) {
  const RootReplacement& task = stage.task;
  const bool has_root = stage.switched || (stage.old.has_value() && stage.old->instance_id == task.instance_id);
  const State shown = state == State::kFailed && !has_root ? State::kFailedDetached : state;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    const absl::Time now = parts_.clock.Now();
    if (relaunched != nullptr) RETURN_IF_ERROR(Relaunch(c, now, *relaunched));
    return EndRootReplacement(c, now, stage, shown);
  }));
  log::Info("the task {} of {} has {}{}{}", task.id.text(), task.instance_id.text(), StateName(shown),
            why.empty() ? "" : ": ", why);
  parts_.wake_volume(shown == State::kSucceeded ? task.replaced_id : task.volume_id);
  return absl::OkStatus();
}

}  // namespace brume::compute
