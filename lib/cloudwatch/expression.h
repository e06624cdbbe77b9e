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

// Operators, from the weakest: || && (== != < > <= >=) (+ -) (* /) unary - ^. Comparisons give 1 or 0.
// Functions: ABS CEIL FLOOR RATE DIFF RUNNING_SUM FILL IF PERIOD; AVG MIN MAX SUM, of the points of one series, or of
// several series, [m1, m2] or METRICS("part of an id"), point by point.
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
