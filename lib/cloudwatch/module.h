// CloudWatch as the daemon sees it: metrics, the sampler of the guests, and alarms.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/cloudwatch/alarm_actions.h"
#include "lib/cloudwatch/alarm_evaluator.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/api/cloudwatch_actions.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/sampler.h"
#include "lib/ec2/compute/guest_meter_service.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/ec2/network/port_service.h"
#include "lib/gateway/actions.h"
#include "lib/gateway/call_statistics.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

// All that it refers to must outlive the module, and is called from Load on at the earliest.
struct CloudwatchParts {
  store::Database& database;
  const Settings& settings;
  const Clock& clock;
  Random& random;
  compute::GuestMeter& guests;
  network::PortMeter& ports;
  const compute::StatusOfInstance& status_of;
  // What alarms stop, start, reboot and terminate.
  compute::InstanceService& instances;

  MetricServiceOptions metrics = {};
  SamplerOptions sampler = {};
  // Whether guests are measured; those that are not real use nothing.
  bool measure_guests = true;
  std::vector<std::string> webhooks = {};  // how the URLs that alarms may name begin
  // Wakes what follows the alarms of the scaling policy with this ARN; must not block.
  std::function<void(const std::string& policy_arn)> on_scaling = {};
};

// Thread-safe between Start and Stop.
class CloudwatchModule {
 public:
  explicit CloudwatchModule(const CloudwatchParts& parts);

  // Reads the alarms; before calls are taken.
  absl::Status Load() { return alarms_.Load(); }
  void Register(gateway::Actions& actions) { AddCloudwatchActions(actions, services_); }
  absl::Status Start();
  // Writes what waits. Idempotent.
  void Stop();

  MetricService& metrics() { return metrics_; }
  AlarmService& alarms() { return alarms_; }
  // What Prometheus reads: of the guests, of `calls` and of this process.
  std::string ExpositionText(const gateway::CallStatistics& calls) const;

 private:
  const bool measure_guests_;
  MetricService metrics_;
  Sampler sampler_;
  AlarmService alarms_;
  AlarmActions actions_;
  AlarmEvaluator evaluator_;
  const CloudwatchServices services_;
};

}  // namespace brume::cloudwatch
