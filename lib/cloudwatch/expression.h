// Metric maths: what CloudWatch computes of metrics, such as "m1 / (m1 + m2) * 100" or "SUM(METRICS())".
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

// Operators, from the weakest: || && (== != < > <= >=) (+ -) (* /) unary - ^. Comparisons give 1 or 0.
// Functions: ABS CEIL FLOOR RATE DIFF RUNNING_SUM FILL IF PERIOD; AVG MIN MAX SUM, of the points of one series, or of
// several series, [m1, m2] or METRICS("part of an id"), point by point.
//
// Two series are computed where both have points; what is no number (1 / 0) is no point.
class Expression {
 public:
  // Error: InvalidArgument, in words that name the place.
  static absl::StatusOr<Expression> Parse(absl::string_view text);

  // The ids that it names, each once, in order. METRICS() names those of `metrics`.
  std::vector<std::string> Ids(const std::vector<std::string>& metrics) const;
  // Every id of Ids is in the scope. Errors: InvalidArgument for a value that an operator or function cannot take;
  // ResourceExhausted when the budget is spent.
  absl::StatusOr<ExpressionValue> Evaluate(ExpressionScope& scope) const;

  // One operation of the expression; the parser's and evaluator's.
  struct Node {
    enum class Kind { kNumber, kId, kWord, kText, kList, kOperator, kCall };
    Kind kind = Kind::kNumber;
    double number = 0;
    std::string text = {};  // an id, a word such as REPEAT, an operator, a function's name
    std::vector<Node> operands = {};
  };

 private:
  explicit Expression(Node root) : root_(std::move(root)) {}

  Node root_;
};

}  // namespace brume::cloudwatch
