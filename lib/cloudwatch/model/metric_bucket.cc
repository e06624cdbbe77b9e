#include "lib/cloudwatch/model/metric_bucket.h"

#include <algorithm>

namespace brume {

void MetricBucket::Add(double value, double times) {
  Merge({.count = times, .sum = value * times, .min = value, .max = value});
}

void MetricBucket::Merge(const MetricBucket& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  distribution_known = distribution_known && other.distribution_known;
  const bool uniform = min == max && other.min == other.max && min == other.min;
  if (!distribution_known) {
    sketch = {};
  } else if (!uniform) {
    if (sketch.empty()) sketch.Add(min, count);
    if (other.sketch.empty()) {
      sketch.Add(other.min, other.count);
    } else {
      sketch.Merge(other.sketch);
    }
  }
  count += other.count;
  sum += other.sum;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

std::optional<double> MetricBucket::Percentile(double percent) const {
  if (count == 0 || !distribution_known) return std::nullopt;
  if (percent <= 0) return min;
  if (percent >= 100 || min == max) return max;
  return std::clamp(sketch.Quantile(percent / 100), min, max);
}

std::vector<std::pair<double, double>> MetricBucket::Values() const {
  std::vector<std::pair<double, double>> values;
  if (count == 0 || !distribution_known) return values;
  if (sketch.empty()) return {{min, count}};
  values.reserve(sketch.bins().size());
  for (const ValueSketch::Bin& bin : sketch.bins()) {
    values.emplace_back(std::clamp(ValueSketch::ValueOf(bin), min, max), bin.count);
  }
  return values;
}

MetricBucket& MetricBlock::Part(uint8_t offset) {
  const auto place = std::lower_bound(parts.begin(), parts.end(), offset,
                                      [](const auto& part, uint8_t wanted) { return part.first < wanted; });
  if (place != parts.end() && place->first == offset) return place->second;
  return parts.insert(place, {offset, {}})->second;
}

void MetricBlock::Merge(const MetricBlock& other) {
  total.Merge(other.total);
  for (const auto& [offset, part] : other.parts) Part(offset).Merge(part);
}

}  // namespace brume
