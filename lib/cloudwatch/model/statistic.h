// The statistics by which values are read back.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/metric_bucket.h"

namespace brume::cloudwatch {

class Statistic {
 public:
  enum class Kind {
    kSampleCount,
    kAverage,
    kSum,
    kMinimum,
    kMaximum,
    // The extended ones, which need to know how values are distributed.
    kPercentile,
    kTrimmedMean,
    kTrimmedCount,
    kTrimmedSum,
    kWinsorizedMean,
    kPercentileRank,
  };

  // "Average"; the extended ones by a share of the values in order, "p99.9", "tm90", "tc90", "ts90", "wm90", which is
  // from the lowest on, "TM(10%:90%)", or by bounds of the values, "TM(150:1000)", "TC(:0.5)", "PR(:300)"; "IQM" is
  // TM(25%:75%). None for anything else.
  static std::optional<Statistic> Parse(absl::string_view name);
  // Within a hundredth for the extended ones. None where the bucket has no values, or does not know how they are
  // distributed; of a mean also where no value is in its range.
  std::optional<double> Of(const MetricBucket& bucket) const;

  Kind kind() const { return kind_; }
  bool extended() const { return kind_ >= Kind::kPercentile; }

 private:
  // Of the values that count: shares in percent of all in order, or bounds, the lower one exclusive. Unset = no end.
  struct Range {
    bool in_percent = true;
    std::optional<double> lower, upper;
  };
  struct Portion;

  explicit Statistic(Kind kind) : kind_(kind) {}
  Statistic(Kind kind, Range range) : kind_(kind), range_(range) {}
  static std::optional<Range> ParseRange(absl::string_view text);
  Portion PortionOf(const MetricBucket& bucket) const;

  Kind kind_;
  Range range_;
};

// What errors say of a name that is not one of an extended statistic.
inline constexpr char kExtendedStatisticForms[] =
    "a percentile from p0 to p100, tm, tc, ts or wm with a number from 0 to 100, IQM, TM, TC, TS or WM with bounds "
    "such "
    "as (10%:90%) or (150:1000), or PR with bounds such as (:300)";

}  // namespace brume::cloudwatch
