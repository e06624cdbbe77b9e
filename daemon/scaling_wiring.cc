#include "daemon/scaling_wiring.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/api/group_launch.h"
#include "lib/autoscaling/launcher.h"
#include "lib/autoscaling/signals.h"
#include "lib/domain/ec2_error.h"

namespace brume::daemon {
namespace {

autoscaling::Launcher MakeLauncher(const ScalingParts& parts) {
  compute::InstanceService& instances = parts.instances;
  const compute::StatusMonitor& monitor = parts.status_monitor;
  const api::MemberLauncher launcher{.instances = parts.instances,
                                     .launch_templates = parts.launch_templates,
                                     .instance_profiles = parts.instance_profiles};
  return {.run = [launcher](const autoscaling::LaunchOrder& order) { return api::LaunchMember(launcher, order); },
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
                return instances.Terminate({&id, 1}, /*even_protected=*/true).status();
              },
          .impaired_since = [&monitor](const Instance& instance) { return monitor.StatusOf(instance).impaired_since; }};
}

autoscaling::SignalSources MakeSignals(const ScalingParts& parts) {
  monitoring::MetricService& metrics = parts.metrics;
  return {.latest = [&metrics](const InstanceId& id, absl::string_view metric) -> std::optional<autoscaling::Sample> {
            const std::optional<monitoring::MetricService::Sample> sample = metrics.Latest(id, metric);
            if (!sample.has_value()) return std::nullopt;
            return autoscaling::Sample{.time = sample->time, .value = sample->value};
          },
          .read = [&metrics](const MetricId& id, absl::Time from, absl::Time to,
                             absl::Duration period) { return metrics.Read(id, from, to, period); },
          // No alarm can name a policy yet.
          .alarms = [](const std::string&) { return std::vector<autoscaling::PolicyAlarm>(); },
          .note = [&metrics](const MetricId& id, absl::Time time, double value) { metrics.Note(id, time, value); },
          .period = parts.sample_period};
}

absl::Status RefuseTarget(const std::string&) {
  return ec2::Error("ValidationError", "Lifecycle hooks cannot notify a URL: this daemon allows none");
}

}  // namespace

Scaling::Scaling(const ScalingParts& parts)
    : loop_({.database = parts.database,
             .clock = parts.clock,
             .launcher = MakeLauncher(parts),
             .signals = MakeSignals(parts),
             .region = parts.settings.region,
             .account_id = parts.settings.account_id}),
      groups_({.database = parts.database,
               .clock = parts.clock,
               .random = parts.random,
               .wake = [this](const std::string& group) { loop_.Wake(group); },
               .check_target = RefuseTarget}),
      members_(parts.database, parts.clock, [this](const std::string& group) { loop_.Wake(group); }),
      policies_({.database = parts.database,
                 .clock = parts.clock,
                 .random = parts.random,
                 .region = parts.settings.region,
                 .account_id = parts.settings.account_id,
                 .wake = [this](const std::string& group) { loop_.Wake(group); },
                 .forecast = [this](const scaling::PolicyRecord& policy) { return loop_.ForecastOf(policy); }}),
      refreshes_(parts.database, parts.clock, parts.random, [this](const std::string& group) { loop_.Wake(group); }) {}

}  // namespace brume::daemon
