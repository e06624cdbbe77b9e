// The part of the wiring that measures: metrics, and who takes samples of the guests.
#pragma once

#include "lib/base/clock.h"
#include "lib/compute/hypervisor.h"
#include "lib/compute/status_monitor.h"
#include "lib/monitoring/metric_service.h"
#include "lib/monitoring/sampler.h"
#include "lib/network/fabric.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct MonitoringOptions {
  monitoring::MetricServiceOptions metrics;
  monitoring::SamplerOptions sampler;
  // Guests that are not real use nothing: they are not measured.
  bool simulate = false;
};

// What it is given outlives it.
class Monitoring {
 public:
  Monitoring(store::Database& database, compute::Hypervisor& hypervisor, network::Fabric& fabric, const Clock& clock,
             const compute::StatusMonitor& status_monitor, const MonitoringOptions& options);

  void Start();
  // Writes what waits. Idempotent.
  void Stop();

  monitoring::MetricService& metrics() { return metrics_; }

 private:
  const bool simulate_;
  monitoring::MetricService metrics_;
  monitoring::Sampler sampler_;
};

}  // namespace brume::daemon
