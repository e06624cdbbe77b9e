// What is kept of a metric's values over a stretch of time.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "lib/cloudwatch/model/value_sketch.h"

namespace brume {

struct MetricBucket {
  double count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
  // False when values came as a statistic set that says nothing of what lies between min and max.
  bool distribution_known = true;
  ValueSketch sketch = {};  // empty where all values are the same, or the distribution is not known

  // `value`, `times` times.
  void Add(double value, double times = 1);
  void Merge(const MetricBucket& other);
  // 0 to 100; within a hundredth of the value, 0 and 100 exactly. None when the distribution is not known, or there is
  // nothing.
  std::optional<double> Percentile(double percent) const;
  // The values in order, each with how often it came, within a hundredth of it. Empty when the distribution is not
  // known, or there is nothing.
  std::vector<std::pair<double, double>> Values() const;

  friend bool operator==(const MetricBucket&, const MetricBucket&) = default;
};

// A stretch of time and its parts: a minute and its seconds, an hour and its minutes.
struct MetricBlock {
  MetricBucket total;                                        // also of what came without a part
  std::vector<std::pair<uint8_t, MetricBucket>> parts = {};  // by offset, ascending, each once

  MetricBucket& Part(uint8_t offset);  // made where it is not there
  void Merge(const MetricBlock& other);
  friend bool operator==(const MetricBlock&, const MetricBlock&) = default;
};

}  // namespace brume
