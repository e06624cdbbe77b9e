#include "lib/cloudwatch/model/statistic.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/enum_names.h"

namespace brume::cloudwatch {
namespace {

using Kind = Statistic::Kind;

// The names of the extended ones have numbers behind these, and bounds behind the same in capitals.
constexpr EnumNames kKinds({std::pair{Kind::kSampleCount, "SampleCount"},
                            {Kind::kAverage, "Average"},
                            {Kind::kSum, "Sum"},
                            {Kind::kMinimum, "Minimum"},
                            {Kind::kMaximum, "Maximum"},
                            {Kind::kPercentile, "p"},
                            {Kind::kTrimmedMean, "tm"},
                            {Kind::kTrimmedCount, "tc"},
                            {Kind::kTrimmedSum, "ts"},
                            {Kind::kWinsorizedMean, "wm"},
                            {Kind::kPercentileRank, "pr"}});

bool IsPercent(double value) { return value >= 0 && value <= 100; }

// Digits, a point and a sign alone: no "inf", no exponent.
std::optional<double> ParseNumber(absl::string_view text) {
  double value = 0;
  const bool is_number = !text.empty() && text.find_first_not_of("-0123456789.") == absl::string_view::npos &&
                         absl::SimpleAtod(text, &value) && std::isfinite(value);
  return is_number ? std::optional<double>(value) : std::nullopt;
}

}  // namespace

std::optional<Statistic::Range> Statistic::ParseRange(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (!absl::StrContains(text, ':') || (ends.first.empty() && ends.second.empty())) return std::nullopt;
  Range range{.in_percent = absl::StrContains(text, '%'), .lower = {}, .upper = {}};
  for (auto [end, bound] : {std::pair(ends.first, &range.lower), std::pair(ends.second, &range.upper)}) {
    if (end.empty()) continue;
    // Not one by its share and the other by its value.
    if (absl::ConsumeSuffix(&end, "%") != range.in_percent) return std::nullopt;
    *bound = ParseNumber(end);
    if (!bound->has_value() || (range.in_percent && !IsPercent(**bound))) return std::nullopt;
  }
  if (range.lower.has_value() && range.upper.has_value() && *range.lower >= *range.upper) return std::nullopt;
  return range;
}

std::optional<Statistic> Statistic::Parse(absl::string_view name) {
  if (name == "IQM") return Statistic(Kind::kTrimmedMean, {.in_percent = true, .lower = 25, .upper = 75});
  for (const auto& [kind, word] : kKinds.rows()) {
    absl::string_view rest = name;
    if (kind < Kind::kPercentile) {
      if (name == word) return Statistic(kind);
    } else if (absl::ConsumePrefix(&rest, word)) {
      const std::optional<double> percent = ParseNumber(rest);
      if (!percent.has_value() || !IsPercent(*percent) || kind == Kind::kPercentileRank) return std::nullopt;
      return Statistic(kind, {.in_percent = true, .lower = {}, .upper = percent});
    } else if (kind != Kind::kPercentile && absl::ConsumePrefix(&rest, absl::AsciiStrToUpper(word)) &&
               absl::ConsumePrefix(&rest, "(") && absl::ConsumeSuffix(&rest, ")")) {
      const std::optional<Range> range = ParseRange(rest);
      if (!range.has_value() || (kind == Kind::kPercentileRank && range->in_percent)) return std::nullopt;
      return Statistic(kind, *range);
    }
  }
  return std::nullopt;
}

// The values of a range and those beside it, in numbers of values.
struct Statistic::Portion {
  double below = 0, count = 0, above = 0;
  double sum = 0;                  // of those of the range
  double lowest = 0, highest = 0;  // what winsorizing makes of those below and above
};

Statistic::Portion Statistic::PortionOf(const MetricBucket& bucket) const {
  Portion portion;
  const double from = range_.lower.value_or(0) / 100 * bucket.count;
  const double to = range_.upper.value_or(100) / 100 * bucket.count;
  double seen = 0;
  bool any = false;
  for (const auto& [value, times] : bucket.Values()) {
    double below = 0, above = 0;
    if (range_.in_percent) {
      below = std::clamp(from - seen, 0.0, times);
      above = std::clamp(seen + times - to, 0.0, times);
      seen += times;
    } else if (range_.lower.has_value() && value <= *range_.lower) {
      below = times;
    } else if (range_.upper.has_value() && value > *range_.upper) {
      above = times;
    }
    const double inside = std::max(0.0, times - below - above);
    portion.below += below;
    portion.above += above;
    portion.count += inside;
    portion.sum += value * inside;
    if (inside <= 0) continue;
    if (!std::exchange(any, true)) portion.lowest = value;
    portion.highest = value;
  }
  if (!range_.in_percent) {
    portion.lowest = range_.lower.value_or(portion.lowest);
    portion.highest = range_.upper.value_or(portion.highest);
  }
  // Of all values the sum is known exactly.
  if (portion.below == 0 && portion.above == 0) portion.sum = bucket.sum;
  return portion;
}

std::optional<double> Statistic::Of(const MetricBucket& bucket) const {
  if (bucket.count <= 0 || (extended() && !bucket.distribution_known)) return std::nullopt;
  const Portion portion = extended() && kind_ != Kind::kPercentile ? PortionOf(bucket) : Portion{};
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
      return bucket.Percentile(range_.upper.value_or(100));
    case Kind::kTrimmedMean:
      if (portion.count <= 0) return std::nullopt;
      return portion.sum / portion.count;
    case Kind::kTrimmedCount:
      return portion.count;
    case Kind::kTrimmedSum:
      return portion.sum;
    case Kind::kWinsorizedMean:
      return (portion.below * portion.lowest + portion.sum + portion.above * portion.highest) / bucket.count;
    case Kind::kPercentileRank:
      return 100 * portion.count / bucket.count;
  }
  return std::nullopt;
}

}  // namespace brume::cloudwatch
