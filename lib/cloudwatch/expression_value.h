// What metric maths computes with: numbers and series of points.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace brume::cloudwatch {

// Where there is no point.
inline constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// InvalidArgument: what is wrong with an expression, in words for its author.
inline absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

struct TimeSeries {
  absl::Duration period;
  std::map<absl::Time, double> points = {};  // by the beginnings of the periods
  std::string label = {};                    // of the metric that it is of, through all that makes one series of one
};

// A number, the values of one metric, or those of several.
using ExpressionValue = std::variant<double, TimeSeries, std::vector<TimeSeries>>;

// SEARCH("…", "statistic", seconds): the series of all metrics that it finds.
using MetricSearch = std::function<absl::StatusOr<std::vector<TimeSeries>>(
    const std::string& text, const std::string& statistic, absl::Duration period)>;

// What an expression may name.
struct ExpressionScope {
  std::map<std::string, ExpressionValue> values = {};  // by id
  std::vector<std::string> metrics = {};               // ids of METRICS(), in order
  absl::Time from, to;                                 // FILL fills the periods that begin in [from, to)
  absl::Duration period = absl::Minutes(1);            // of TIME_SERIES
  MetricSearch search = {};                            // unset where SEARCH is not allowed: in alarms
  // Points that may still be computed; evaluating takes away.
  int64_t budget = 20'000'000;
};

}  // namespace brume::cloudwatch
