// What metric maths computes with: numbers and series of points.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace brume::cloudwatch {

struct TimeSeries {
  absl::Duration period;
  std::map<absl::Time, double> points = {};  // by the beginnings of the periods
};

// A number, the values of one metric, or those of several.
using ExpressionValue = std::variant<double, TimeSeries, std::vector<TimeSeries>>;

// What an expression may name.
struct ExpressionScope {
  std::map<std::string, ExpressionValue> values = {};  // by id
  std::vector<std::string> metrics = {};               // ids of METRICS(), in order
  absl::Time from, to;                                 // FILL fills the periods that begin in [from, to)
  // Points that may still be computed; evaluating takes away.
  int64_t budget = 20'000'000;
};

}  // namespace brume::cloudwatch
