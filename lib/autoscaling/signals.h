// Port: what Auto Scaling reads of monitoring, and writes to it. All are called from several threads.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/resource/ids.h"

namespace brume::autoscaling {

struct Sample {
  absl::Time time;  // when its period ended
  double value = 0;
};

// An alarm that names a policy among its actions.
struct PolicyAlarm {
  std::string name, arn;
  bool in_alarm = false;
  double breach = 0;  // of the newest datapoint: its value less the threshold
};

struct SignalSources {
  // The newest sample of an instance's metric, as "CPUUtilization"; none when there is none yet.
  std::function<std::optional<Sample>(const InstanceId& id, absl::string_view metric)> latest;
  // Periods that begin in [from, to) and have data, in order of time.
  std::function<absl::StatusOr<std::vector<StatisticSet>>(const MetricId& id, absl::Time from, absl::Time to,
                                                          absl::Duration period)>
      read;
  // Metric maths: the series of the one query that is returned, of periods that begin in [from, to) and have this
  // length. Errors: ValidationError for what makes no sense.
  std::function<absl::StatusOr<std::vector<std::pair<absl::Time, double>>>(
      const std::vector<alarm::WatchQuery>& queries, absl::Time from, absl::Time to, absl::Duration period)>
      read_maths;
  std::function<std::vector<PolicyAlarm>(const std::string& policy_arn)> alarms;
  // Of these alarms, by name, those in ALARM.
  std::function<std::vector<std::string>(const std::vector<std::string>& names)> in_alarm;
  // A group's own metrics.
  std::function<void(const MetricId& id, absl::Time time, double value)> note;
  // How often guests are sampled.
  absl::Duration period = absl::Seconds(10);
};

}  // namespace brume::autoscaling
