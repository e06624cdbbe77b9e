#include "lib/cloudwatch/alarm_actions.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/redact.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_text.h"
#include "lib/cloudwatch/tables/alarm_history_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

using alarm::ActionKind;
using alarm::DueAction;
using alarm::Step;

constexpr absl::Duration kMaxBackoff = absl::Seconds(16);
constexpr int kThreads = 4;

bool IsWebhook(const DueAction& due) {
  const absl::StatusOr<ActionKind> kind = alarm::ParseAction(due.action);
  return kind.ok() && *kind == ActionKind::kWebhook;
}

ReconcileOptions LoopOptions(std::string name, absl::Duration first_backoff) {
  ReconcileOptions options;
  options.name = std::move(name);
  options.threads = kThreads;
  options.first_backoff = first_backoff;
  options.max_backoff = kMaxBackoff;
  return options;
}

absl::Status Refused(absl::string_view why) { return absl::InvalidArgumentError(why); }

}  // namespace

AlarmActions::AlarmActions(AlarmActionsParts parts)
    : parts_(std::move(parts)),
      instance_loop_(LoopOptions("alarm actions", parts_.first_backoff),
                     [this](const Key& key) { return Reconcile(key); }),
      webhook_loop_(LoopOptions("alarm webhooks", parts_.first_backoff),
                    [this](const Key& key) { return Reconcile(key); }) {}

absl::Status AlarmActions::Start() {
  ASSIGN_OR_RETURN(const std::vector<DueAction> due,
                   parts_.database.ReadFor([](store::Connection& c) { return AlarmDueActionTable(c).List(); }));
  Wake(due);
  instance_loop_.Start();
  webhook_loop_.Start();
  return absl::OkStatus();
}

void AlarmActions::Stop() {
  webhook_loop_.Stop();
  instance_loop_.Stop();
}

void AlarmActions::Wake(const std::vector<DueAction>& due) {
  for (const DueAction& each : due) (IsWebhook(each) ? webhook_loop_ : instance_loop_).Wake({each.alarm, each.action});
}

absl::StatusOr<absl::Duration> AlarmActions::Reconcile(const Key& key) {
  ASSIGN_OR_RETURN(std::optional<DueAction> due, parts_.database.ReadFor([&](store::Connection& c) {
    return AlarmDueActionTable(c).First(key.alarm, key.action);
  }));
  if (!due.has_value()) return absl::InfiniteDuration();
  const absl::StatusOr<ActionKind> kind = alarm::ParseAction(due->action);
  if (!kind.ok()) return End(*due, kind.status());
  return Execute(*due, *kind);
}

absl::StatusOr<absl::Duration> AlarmActions::Execute(DueAction& due, ActionKind kind) {
  if (kind == ActionKind::kWebhook) return Post(due);
  if (kind == ActionKind::kUndelivered) {
    return End(due, Refused("it is not delivered: the service that it names is not here. Name a URL that the setting "
                            "monitoring.webhooks allows"));
  }
  if (kind != ActionKind::kScalingPolicy) return OnInstance(due, kind);
  if (!parts_.on_scaling) return End(due, Refused("there is no Auto Scaling here"));
  parts_.on_scaling(due.action);
  return End(due, absl::OkStatus());
}

absl::StatusOr<absl::Duration> AlarmActions::OnInstance(DueAction& due, ActionKind kind) {
  const absl::StatusOr<InstanceId> id = InstanceId::Parse(due.instance_id);
  if (!id.ok()) return End(due, id.status());
  switch (kind) {
    case ActionKind::kStop:
      return EndUnlessTransient(due, parts_.instances.stop(*id));
    case ActionKind::kTerminate:
      return EndUnlessTransient(due, parts_.instances.terminate(*id));
    case ActionKind::kReboot:
      return Reboot(due, *id);
    default:
      return Recover(due, *id);
  }
}

absl::StatusOr<absl::Duration> AlarmActions::Reboot(DueAction& due, const InstanceId& id) {
  if (due.step != Step::kWaiting) {
    return End(due, Refused("brumed ended while the instance was told to reboot; it is not told again"));
  }
  RETURN_IF_ERROR(SetStep(due, Step::kBegun));
  const absl::Status outcome = parts_.instances.reboot(id);
  if (!outcome.ok() && !ec2::HasErrorCode(outcome)) RETURN_IF_ERROR(SetStep(due, Step::kWaiting));
  return EndUnlessTransient(due, outcome);
}

// Stops the instance, waits, and starts it: on this one host there is no other hardware to bring it to. Each step is
// written down before it is taken, and looks first: a restart goes on here.
absl::StatusOr<absl::Duration> AlarmActions::Recover(DueAction& due, const InstanceId& id) {
  const absl::StatusOr<InstanceState> state = parts_.instances.state(id);
  if (!state.ok()) return EndUnlessTransient(due, state.status());
  if (*state == InstanceState::kShuttingDown || *state == InstanceState::kTerminated) {
    return End(due, Refused("the instance is being terminated"));
  }
  if (due.step == Step::kWaiting) {
    if (*state != InstanceState::kRunning) return End(due, Refused("the instance does not run"));
    RETURN_IF_ERROR(SetStep(due, Step::kBegun));
  }
  if (due.step == Step::kBegun) {
    if (*state == InstanceState::kRunning) {
      const absl::Status cut = parts_.instances.cut_power(id);
      if (!cut.ok()) return EndUnlessTransient(due, cut);
      return parts_.poll;
    }
    if (*state != InstanceState::kStopped) return parts_.poll;
    RETURN_IF_ERROR(SetStep(due, Step::kStarting));
  }
  if (*state != InstanceState::kStopped) return End(due, absl::OkStatus());
  return EndUnlessTransient(due, parts_.instances.start(id));
}

absl::StatusOr<absl::Duration> AlarmActions::Post(const DueAction& due) {
  ASSIGN_OR_RETURN(const alarm::Url url, alarm::ParseUrl(due.action));
  // The setting may be another one than when the alarm was put.
  if (!alarm::IsAllowed(url, parts_.webhooks))
    return End(due, Refused("the setting monitoring.webhooks does not allow it"));
  return EndUnlessTransient(due, parts_.post(url, due.message_id, due.message));
}

// What a caller or a host's administrator has to change is not tried again.
absl::StatusOr<absl::Duration> AlarmActions::EndUnlessTransient(const DueAction& due, const absl::Status& outcome) {
  const bool final = outcome.ok() || ec2::HasErrorCode(outcome) || absl::IsInvalidArgument(outcome);
  const absl::Duration patience = IsWebhook(due) ? parts_.webhook_patience : parts_.instance_patience;
  if (!final && parts_.clock.Now() - due.time < patience) return outcome;
  return End(due, outcome);
}

absl::StatusOr<absl::Duration> AlarmActions::End(const DueAction& due, const absl::Status& outcome) {
  RETURN_IF_ERROR(Failpoint("alarm.action_done"));
  std::optional<std::string> failure;
  if (!outcome.ok()) failure = std::string(outcome.message());
  const alarm::HistoryItem item = ActionItem(due, parts_.clock.Now(), failure);
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(AlarmHistoryTable(c).Append(item, alarm::kMaxHistoryItems));
    return AlarmDueActionTable(c).Remove(due.number);
  }));
  if (failure.has_value()) {
    log::Warn("an action of the alarm {} failed: {}", due.alarm, RedactUrls(*failure));
  } else {
    log::Info("an action of the alarm {} is done", due.alarm);
  }
  return absl::ZeroDuration();  // there may be another
}

absl::Status AlarmActions::SetStep(DueAction& due, Step step) {
  RETURN_IF_ERROR(
      parts_.database.Write([&](store::Connection& c) { return AlarmDueActionTable(c).SetStep(due.number, step); }));
  due.step = step;
  return absl::OkStatus();
}

}  // namespace brume::cloudwatch
