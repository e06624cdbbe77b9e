// The statistics by which values are read back: SampleCount, Average, Sum, Minimum, Maximum, and percentiles.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/metric_bucket.h"

namespace brume::cloudwatch {

class Statistic {
 public:
  enum class Kind { kSampleCount, kAverage, kSum, kMinimum, kMaximum, kPercentile };

  // "Average"; of percentiles "p0" to "p100", with any fraction: "p99.9". None for anything else.
  static std::optional<Statistic> Parse(absl::string_view name);
  // None where the bucket has no values, or does not know how they are distributed.
  std::optional<double> Of(const MetricBucket& bucket) const;

  Kind kind() const { return kind_; }

 private:
  explicit Statistic(Kind kind, double percent = 0) : kind_(kind), percent_(percent) {}

  Kind kind_;
  double percent_;
};

}  // namespace brume::cloudwatch
