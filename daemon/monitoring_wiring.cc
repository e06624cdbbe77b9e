#include "daemon/monitoring_wiring.h"

#include <utility>

#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_reader.h"
#include "lib/cloudwatch/exposition.h"
#include "lib/cloudwatch/webhook.h"

namespace brume::daemon {

MonitoringOptions MonitoringOptionsOf(const Config& config, cloudwatch::InstanceHooks instances,
                                      std::function<void(const std::string& action)> on_scaling) {
  return {.metrics = config.metrics,
          .sampler = config.sampler,
          .simulate = config.simulate,
          .prometheus = {.listen = config.prometheus_listen, .allow_remote = config.prometheus_allow_remote},
          .account = config.settings.account(),
          .webhooks = config.webhooks,
          .instances = std::move(instances),
          .on_scaling = std::move(on_scaling)};
}

Monitoring::Monitoring(store::Database& database, compute::Hypervisor& hypervisor, network::Fabric& fabric,
                       const Clock& clock, Random& random, const compute::StatusMonitor& status_monitor,
                       const MonitoringOptions& options)
    : options_(options),
      metrics_(database, clock, options.metrics),
      sampler_({.database = database,
                .guests = hypervisor,
                .fabric = fabric,
                .clock = clock,
                .metrics = metrics_,
                .status_of = [&status_monitor](const Instance& instance) { return status_monitor.StatusOf(instance); }},
               options.sampler),
      alarms_(database, clock, random,
              {.account = options.account,
               .rules = {.webhooks = options.webhooks},
               .read = [this](const alarm::Watch& watch, absl::Time from,
                              absl::Time to) { return cloudwatch::ReadWatch(metrics_, watch, from, to); },
               .on_put = [this](const std::string& name) { evaluator_.Wake(name); },
               .on_wait = [this] { evaluator_.LookAgain(); },
               .on_due = [this](const std::vector<alarm::DueAction>& due) { actions_.Wake(due); }}),
      actions_({.database = database,
                .clock = clock,
                .instances = options.instances,
                .webhooks = options.webhooks,
                .post = [](const alarm::Url& url, const std::string& message_id,
                           const std::string& body) { return cloudwatch::PostWebhook(url, message_id, body); },
                .on_scaling = options.on_scaling}),
      evaluator_({.alarms = alarms_,
                  .clock = clock,
                  .read = [this](const alarm::Watch& watch, absl::Time from,
                                 absl::Time to) { return cloudwatch::ReadWatch(metrics_, watch, from, to); },
                  .on_scaling = options.on_scaling}) {}

absl::Status Monitoring::Load() { return alarms_.Load(); }

absl::Status Monitoring::Start(const gateway::CallStatistics& calls) {
  metrics_.Start();
  if (!options_.simulate) sampler_.Start();
  RETURN_IF_ERROR(actions_.Start());
  evaluator_.Start();
  if (options_.prometheus.listen.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(prometheus_, frontend::MakePrometheusServer(
                                    [this, &calls] {
                                      return cloudwatch::ExpositionText(sampler_.Snapshot(), calls.Read(),
                                                                        metrics_.dropped(),
                                                                        cloudwatch::ReadProcessUse());
                                    },
                                    options_.prometheus));
  log::Info("metrics for Prometheus are served at {}", prometheus_->url());
  return absl::OkStatus();
}

void Monitoring::Stop() {
  prometheus_.reset();
  evaluator_.Stop();
  actions_.Stop();
  sampler_.Stop();
  metrics_.Stop();
}

cloudwatch::InstanceHooks HooksOf(compute::InstanceService& instances) {
  using Ids = absl::Span<const InstanceId>;
  return {.state = [&](const InstanceId& id) -> absl::StatusOr<InstanceState> {
            ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
            return view.instance.state;
          },
          .stop = [&](const InstanceId& id) { return instances.Stop(Ids(&id, 1), /*force=*/false).status(); },
          .cut_power = [&](const InstanceId& id) { return instances.Stop(Ids(&id, 1), /*force=*/true).status(); },
          .start = [&](const InstanceId& id) { return instances.Start(Ids(&id, 1)).status(); },
          .terminate = [&](const InstanceId& id) { return instances.Terminate(Ids(&id, 1)).status(); },
          .reboot = [&](const InstanceId& id) { return instances.Reboot(Ids(&id, 1)); }};
}

}  // namespace brume::daemon
