#include "daemon/scaling_wiring.h"

namespace brume::daemon {
namespace {

autoscaling::Launcher MakeLauncher(const ScalingParts& parts) {
  compute::InstanceService& instances = parts.instances;
  const compute::StatusMonitor& monitor = parts.status_monitor;
  return {.run = parts.run,
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

}  // namespace

Scaling::Scaling(const ScalingParts& parts)
    : loop_({.database = parts.database,
             .clock = parts.clock,
             .launcher = MakeLauncher(parts),
             .signals = parts.signals,
             .notify = parts.notify,
             .region = parts.settings.region,
             .account_id = parts.settings.account_id}),
      groups_({.database = parts.database,
               .clock = parts.clock,
               .random = parts.random,
               .wake = [this](const std::string& group) { loop_.Wake(group); },
               .check_target = parts.check_target}),
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
