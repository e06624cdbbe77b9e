// Metric maths: what CloudWatch computes of metrics, such as "m1 / (m1 + m2) * 100" or "SUM(METRICS())".
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/expression_node.h"
#include "lib/cloudwatch/expression_value.h"

namespace brume::cloudwatch {

// Operators, from the weakest: || OR, && AND, (== != < > <= >=) (+ -) (* /) unary - ^. Comparisons give 1 or 0.
//
//   of a number or each point          ABS CEIL FLOOR LOG LOG10
//   of a series, or each of a list     DIFF DIFF_TIME RATE RUNNING_SUM MINUTE HOUR DAY DATE MONTH YEAR EPOCH FILL
//   of the points of one series (a number), or of several at each time (a series)
//                                      AVG SUM MIN MAX STDDEV DATAPOINT_COUNT
//   lists                              METRICS SEARCH SORT SLICE FIRST LAST REMOVE_EMPTY METRIC_COUNT
//   others                             IF PERIOD TIME_SERIES
//
// Two series are computed where both have points; a result that is not a number (1 / 0) is left out.
class Expression {
 public:
  // Error: InvalidArgument, in words that name the place.
  static absl::StatusOr<Expression> Parse(absl::string_view text);

  // The ids that it names, each once, in order. METRICS() names those of `metrics`.
  std::vector<std::string> Ids(const std::vector<std::string>& metrics) const;
  // Every id of Ids is in the scope. Errors: InvalidArgument for a value that an operator or function cannot take;
  // ResourceExhausted when the budget is spent.
  absl::StatusOr<ExpressionValue> Evaluate(ExpressionScope& scope) const;

 private:
  explicit Expression(ExpressionNode root) : root_(std::move(root)) {}

  ExpressionNode root_;
};

}  // namespace brume::cloudwatch
