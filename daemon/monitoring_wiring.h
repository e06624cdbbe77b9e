// The part of the wiring that measures and watches: metrics, who takes samples of the guests, and alarms.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "daemon/config.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/cloudwatch/alarm_actions.h"
#include "lib/cloudwatch/alarm_evaluator.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/sampler.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/status_monitor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/frontend/prometheus/prometheus_server.h"
#include "lib/gateway/call_statistics.h"
#include "lib/resource/account.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct MonitoringOptions {
  cloudwatch::MetricServiceOptions metrics;
  cloudwatch::SamplerOptions sampler;
  // Guests that are not real use nothing: they are not measured.
  bool simulate = false;
  // Nobody is served where it listens nowhere.
  frontend::PrometheusServerOptions prometheus;

  Account account;
  std::vector<std::string> webhooks;  // how the URLs that alarms may name begin
  cloudwatch::InstanceHooks instances;
  // Wakes who follows the alarms of a scaling policy.
  std::function<void(const std::string& action)> on_scaling = {};
};

MonitoringOptions MonitoringOptionsOf(const Config& config, cloudwatch::InstanceHooks instances,
                                      std::function<void(const std::string& action)> on_scaling);

// What it is given outlives it.
class Monitoring {
 public:
  Monitoring(store::Database& database, compute::Hypervisor& hypervisor, network::Fabric& fabric, const Clock& clock,
             Random& random, const compute::StatusMonitor& status_monitor, const MonitoringOptions& options);

  // Reads the alarms; before calls are taken.
  absl::Status Load();
  // `calls` outlives it as well. Errors: as of MakePrometheusServer.
  absl::Status Start(const gateway::CallStatistics& calls);
  // Writes what waits. Idempotent.
  void Stop();

  cloudwatch::MetricService& metrics() { return metrics_; }
  cloudwatch::AlarmService& alarms() { return alarms_; }

 private:
  const MonitoringOptions options_;
  cloudwatch::MetricService metrics_;
  cloudwatch::Sampler sampler_;
  cloudwatch::AlarmService alarms_;
  cloudwatch::AlarmActions actions_;
  cloudwatch::AlarmEvaluator evaluator_;
  std::unique_ptr<frontend::PrometheusServer> prometheus_;
};

// What alarms may do to instances. `instances` may be made later, but before it is asked.
cloudwatch::InstanceHooks HooksOf(compute::InstanceService& instances);

}  // namespace brume::daemon
