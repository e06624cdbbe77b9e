// Metrics as CloudWatch names them, and what is kept of their datapoints.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace brume {

// Datapoints are kept in blocks of minutes and hours since 1970.
inline constexpr int64_t kSecondsInMinute = 60;
inline constexpr int64_t kMinutesInHour = 60;
inline constexpr int64_t kSecondsInHour = kSecondsInMinute * kMinutesInHour;

struct Dimension {
  std::string name, value;
  friend auto operator<=>(const Dimension&, const Dimension&) = default;
};

// A metric is its namespace, its name and all of its dimensions: of another set of dimensions it is another metric.
struct MetricId {
  std::string metric_namespace;       // "AWS/EC2"
  std::string name;                   // "CPUUtilization"
  std::vector<Dimension> dimensions;  // in order of their names, each once

  friend auto operator<=>(const MetricId&, const MetricId&) = default;
};

// All datapoints of one period.
struct StatisticSet {
  absl::Time start;  // of the period, a multiple of its length since 1970
  double count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;

  double average() const { return sum / count; }
};

}  // namespace brume
