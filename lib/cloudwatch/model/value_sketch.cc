#include "lib/cloudwatch/model/value_sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace brume {
namespace {

constexpr double kError = 0.01;
const double kLogGamma = std::log((1 + kError) / (1 - kError));
// Beyond the bin of the smallest double, so that each positive value has a positive index.
constexpr int32_t kOffset = 40'000;

int32_t IndexOf(double value) {
  if (value == 0) return 0;
  const auto index = kOffset + static_cast<int32_t>(std::ceil(std::log(std::abs(value)) / kLogGamma));
  return value > 0 ? index : -index;
}

bool Before(const ValueSketch::Bin& a, const ValueSketch::Bin& b) { return a.index < b.index; }

}  // namespace

double ValueSketch::ValueOf(const Bin& bin) {
  if (bin.index == 0) return 0;
  const double upper = std::exp(kLogGamma * (std::abs(bin.index) - kOffset));
  const double value = upper * (1 - kError);
  return bin.index > 0 ? value : -value;
}

void ValueSketch::Add(double value, double count) {
  const Bin bin{IndexOf(value), count};
  const auto place = std::lower_bound(bins_.begin(), bins_.end(), bin, Before);
  if (place != bins_.end() && place->index == bin.index) {
    place->count += count;
    return;
  }
  bins_.insert(place, bin);
  Limit();
}

void ValueSketch::Merge(const ValueSketch& other) {
  std::vector<Bin> merged;
  merged.reserve(bins_.size() + other.bins_.size());
  std::merge(bins_.begin(), bins_.end(), other.bins_.begin(), other.bins_.end(), std::back_inserter(merged), Before);
  bins_.clear();
  for (const Bin& bin : merged) {
    if (!bins_.empty() && bins_.back().index == bin.index) {
      bins_.back().count += bin.count;
    } else {
      bins_.push_back(bin);
    }
  }
  Limit();
}

double ValueSketch::Quantile(double fraction) const {
  double total = 0;
  for (const Bin& bin : bins_) total += bin.count;
  double seen = 0;
  for (const Bin& bin : bins_) {
    seen += bin.count;
    if (seen >= fraction * total) return ValueOf(bin);
  }
  return bins_.empty() ? 0 : ValueOf(bins_.back());
}

ValueSketch ValueSketch::FromBins(std::vector<Bin> bins) {
  ValueSketch sketch;
  sketch.bins_ = std::move(bins);
  sketch.Limit();
  return sketch;
}

void ValueSketch::Limit() {
  if (bins_.size() <= kMaxBins) return;
  const size_t excess = bins_.size() - kMaxBins;
  for (size_t i = 0; i < excess; ++i) bins_[excess].count += bins_[i].count;
  bins_.erase(bins_.begin(), bins_.begin() + static_cast<std::ptrdiff_t>(excess));
}

}  // namespace brume
