#include "lib/autoscaling/module.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/autoscaling/api/scaling_actions.h"
#include "lib/autoscaling/group_change.h"
#include "lib/autoscaling/launcher.h"
#include "lib/autoscaling/member_launch.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/signals.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/model/alarm_action.h"
#include "lib/cloudwatch/webhook_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

Launcher MakeLauncher(const AutoscalingParts& parts) {
  compute::InstanceService& instances = parts.instances;
  return {.run = [&launches = parts.launches, &templates = parts.launch_templates](
                     const LaunchOrder& order) { return LaunchMember(launches, templates, order); },
          .start =
              [&instances](const InstanceId& id) {
                return instances.Start({&id, 1}).status();
              },
          .stop =
              [&instances](const InstanceId& id) {
                return instances.Stop({&id, 1}, /*force=*/false).status();
              },
          .terminate =
              [&instances](const InstanceId& id) {
                return instances.Terminate({&id, 1}, {.even_protected = true}).status();
              },
          .impaired_since =
              [status_of = parts.status_of](const Instance& instance) { return status_of(instance).impaired_since; }};
}

SignalSources MakeSignals(const AutoscalingParts& parts) {
  cloudwatch::MetricService& metrics = parts.metrics;
  cloudwatch::AlarmService& alarms = parts.alarms;
  return {.latest = [&metrics](const InstanceId& id, absl::string_view metric) -> std::optional<Sample> {
            const std::optional<cloudwatch::MetricService::Sample> sample = metrics.Latest(id, metric);
            if (!sample.has_value()) return std::nullopt;
            return Sample{.time = sample->time, .value = sample->value};
          },
          .read = [&metrics](const MetricId& id, absl::Time from, absl::Time to,
                             absl::Duration period) { return metrics.Read(id, from, to, period); },
          .read_maths =
              [&alarms](const std::vector<alarm::WatchQuery>& queries, absl::Time from, absl::Time to,
                        absl::Duration period) {
                alarm::Watch watch;
                watch.period = period;
                watch.queries = queries;
                return alarms.Read(watch, from, to);
              },
          .alarms =
              [&alarms](const std::string& policy_arn) {
                std::vector<PolicyAlarm> found;
                for (const cloudwatch::AlarmService::ActionAlarm& alarm : alarms.AlarmsFor(policy_arn)) {
                  found.push_back({.name = alarm.name,
                                   .arn = alarm.arn,
                                   .in_alarm = alarm.state == alarm::State::kAlarm,
                                   .breach = alarm.breach});
                }
                return found;
              },
          .in_alarm =
              [&alarms](const std::vector<std::string>& names) {
                std::vector<std::string> found;
                for (const std::string& name : names) {
                  const cloudwatch::AlarmPtr alarm = alarms.Find(name);
                  if (alarm != nullptr && alarm->state == alarm::State::kAlarm) found.push_back(name);
                }
                return found;
              },
          .note = [&metrics](const MetricId& id, absl::Time time, double value) { metrics.Note(id, time, value); },
          .period = parts.sample_period};
}

// A hook may tell what an alarm may.
absl::Status CheckTarget(const std::string& text, const std::vector<std::string>& allowed) {
  const absl::StatusOr<alarm::Url> url = alarm::ParseUrl(text);
  if (!url.ok()) return ScalingError(url.status().message());
  if (alarm::IsAllowed(*url, allowed)) return absl::OkStatus();
  return ScalingError(absl::StrCat("The URL '", text,
                                   "' is not allowed: the setting monitoring.webhooks of this host "
                                   "names no beginning of it"));
}

absl::Status Notify(const AutoscalingParts& parts, const std::string& text, const std::string& body) {
  if (text.empty()) return absl::OkStatus();
  // The setting may have become another since the hook was put.
  RETURN_IF_ERROR(CheckTarget(text, parts.webhooks));
  ASSIGN_OR_RETURN(const alarm::Url url, alarm::ParseUrl(text));
  return cloudwatch::PostWebhook(url, NewUuid(parts.random), body);
}

}  // namespace

AutoscalingModule::AutoscalingModule(const AutoscalingParts& parts)
    : loop_({.database = parts.database,
             .clock = parts.clock,
             .launcher = MakeLauncher(parts),
             .signals = MakeSignals(parts),
             .notify = [parts](const std::string& url, const std::string& body) { return Notify(parts, url, body); },
             .account = parts.settings.account()}),
      groups_({.database = parts.database,
               .clock = parts.clock,
               .random = parts.random,
               .wake = [this](const std::string& group) { loop_.Wake(group); },
               .check_target = [parts](const std::string& url) { return CheckTarget(url, parts.webhooks); }}),
      members_(parts.database, parts.clock, [this](const std::string& group) { loop_.Wake(group); }),
      policies_({.database = parts.database,
                 .clock = parts.clock,
                 .random = parts.random,
                 .account = parts.settings.account(),
                 .wake = [this](const std::string& group) { loop_.Wake(group); },
                 .forecast = [this](const scaling::PolicyRecord& policy) { return loop_.ForecastOf(policy); },
                 .check_maths =
                     [read = MakeSignals(parts).read_maths, &clock = parts.clock](const auto& queries) {
                       return read(queries, clock.Now() - absl::Minutes(1), clock.Now(), absl::Minutes(1)).status();
                     }}),
      refreshes_(parts.database, parts.clock, parts.random, [this](const std::string& group) { loop_.Wake(group); }),
      services_({.settings = parts.settings,
                 .clock = parts.clock,
                 .types = parts.types,
                 .groups = groups_,
                 .members = members_,
                 .policies = policies_,
                 .refreshes = refreshes_,
                 .instances = parts.instances,
                 .launch_templates = parts.launch_templates,
                 .launches = parts.launches,
                 .alarms = parts.alarms,
                 .profiles = parts.profiles}) {}

void AutoscalingModule::Register(gateway::Actions& actions) { AddScalingActions(actions, services_); }

}  // namespace brume::autoscaling
