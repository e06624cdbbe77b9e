// What metric maths does with lists of series: SORT, SLICE, and the arguments of SEARCH.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/expression_node.h"
#include "lib/cloudwatch/expression_value.h"

namespace brume::cloudwatch {

// SORT(list, AVG|SUM|MIN|MAX|STDDEV, ASC|DESC, at most): series without points come last. Error: InvalidArgument.
absl::StatusOr<ExpressionValue> SortSeries(const ExpressionNode& call, std::vector<TimeSeries> all);

// SLICE(list, from, to), without `to` itself: a list; SLICE(list, place): one series, empty where the list is shorter.
// Places count from 0. Error: InvalidArgument.
absl::StatusOr<ExpressionValue> SliceSeries(const ExpressionNode& call, std::vector<TimeSeries> all);

// SEARCH("what", "statistic", seconds).
struct SearchOperands {
  std::string text, statistic;
  absl::Duration period;  // by default the given one
};
// Error: InvalidArgument.
absl::StatusOr<SearchOperands> ParseSearch(const ExpressionNode& call, absl::Duration default_period);

}  // namespace brume::cloudwatch
