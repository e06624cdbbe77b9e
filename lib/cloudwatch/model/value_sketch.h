// How the values of a metric are distributed, in bins of logarithmic width: small, mergeable, and good for percentiles.
// After DDSketch (Masson, Rim, Lee, VLDB 2019).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brume {

// A quantile is at most one hundredth of its value from a true one. Of more than kMaxBins bins the lowest are put
// together: then the lowest values are less well known.
class ValueSketch {
 public:
  static constexpr size_t kMaxBins = 2048;
  struct Bin {
    int32_t index = 0;  // in order of the values; 0 is the value 0
    double count = 0;
    friend bool operator==(const Bin&, const Bin&) = default;
  };

  void Add(double value, double count);
  void Merge(const ValueSketch& other);
  // The value at `fraction` (0 to 1) of the count in order; 0 when the sketch is empty.
  double Quantile(double fraction) const;

  // Within a hundredth of each value of the bin.
  static double ValueOf(const Bin& bin);
  bool empty() const { return bins_.empty(); }
  const std::vector<Bin>& bins() const { return bins_; }
  // Of bins in order of their indexes.
  static ValueSketch FromBins(std::vector<Bin> bins);

  friend bool operator==(const ValueSketch&, const ValueSketch&) = default;

 private:
  void Limit();

  std::vector<Bin> bins_;  // in order of their indexes
};

}  // namespace brume
