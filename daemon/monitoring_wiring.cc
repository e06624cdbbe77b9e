#include "daemon/monitoring_wiring.h"

namespace brume::daemon {

Monitoring::Monitoring(store::Database& database, compute::Hypervisor& hypervisor, network::Fabric& fabric,
                       const Clock& clock, const compute::StatusMonitor& status_monitor,
                       const MonitoringOptions& options)
    : simulate_(options.simulate),
      metrics_(database, clock, options.metrics),
      sampler_({.database = database,
                .hypervisor = hypervisor,
                .fabric = fabric,
                .clock = clock,
                .metrics = metrics_,
                .status_of = [&status_monitor](const Instance& instance) { return status_monitor.StatusOf(instance); }},
               options.sampler) {}

void Monitoring::Start() {
  metrics_.Start();
  if (!simulate_) sampler_.Start();
}

void Monitoring::Stop() {
  sampler_.Stop();
  metrics_.Stop();
}

}  // namespace brume::daemon
