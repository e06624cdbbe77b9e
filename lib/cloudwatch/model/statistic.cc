#include "lib/cloudwatch/model/statistic.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "lib/base/enum_names.h"

namespace brume::cloudwatch {
namespace {

using Kind = Statistic::Kind;

// A percentile's name has its number.
constexpr EnumNames kKinds({std::pair{Kind::kSampleCount, "SampleCount"},
                            {Kind::kAverage, "Average"},
                            {Kind::kSum, "Sum"},
                            {Kind::kMinimum, "Minimum"},
                            {Kind::kMaximum, "Maximum"},
                            {Kind::kPercentile, "p"}});

}  // namespace

std::optional<Statistic> Statistic::Parse(absl::string_view name) {
  if (const std::optional<Kind> kind = kKinds.Find(name); kind.has_value() && *kind != Kind::kPercentile) {
    return Statistic(*kind);
  }
  constexpr double kMax = 100;
  double percent = 0;
  const bool is_number = absl::ConsumePrefix(&name, "p") && !name.empty() &&
                         name.find_first_not_of("0123456789.") == absl::string_view::npos &&
                         absl::SimpleAtod(name, &percent);
  if (!is_number || percent > kMax) return std::nullopt;
  return Statistic(Kind::kPercentile, percent);
}

std::optional<double> Statistic::Of(const MetricBucket& bucket) const {
  if (bucket.count <= 0) return std::nullopt;
  switch (kind_) {
    case Kind::kSampleCount:
      return bucket.count;
    case Kind::kAverage:
      return bucket.sum / bucket.count;
    case Kind::kSum:
      return bucket.sum;
    case Kind::kMinimum:
      return bucket.min;
    case Kind::kMaximum:
      return bucket.max;
    case Kind::kPercentile:
      return bucket.Percentile(percent_);
  }
  return std::nullopt;
}

}  // namespace brume::cloudwatch
