// The datapoints of an alarm on a metric.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/model/alarm.h"

namespace brume::cloudwatch {

// The value of the watch's statistic in each of its periods that begins in [from, to) and has data, by the time it
// begins; of metric maths, the values of what it returns. With a unit, only values of that unit count. Error:
// ValidationError for metric maths that makes no sense.
absl::StatusOr<std::vector<std::pair<absl::Time, double>>> ReadWatch(MetricService& metrics, const alarm::Watch& watch,
                                                                     absl::Time from, absl::Time to);

}  // namespace brume::cloudwatch
