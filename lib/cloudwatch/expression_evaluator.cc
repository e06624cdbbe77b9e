#include "lib/cloudwatch/expression_evaluator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"
#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

using Node = ExpressionNode;
using Kind = Node::Kind;
using Many = std::vector<TimeSeries>;
using Operation = std::function<double(double, double)>;

enum class Function {
  kMetrics,
  kIf,
  kFill,
  kPeriod,
  kAvg,
  kSum,
  kMin,
  kMax,
  kAbs,
  kCeil,
  kFloor,
  kRate,
  kDiff,
  kRunningSum
};
constexpr EnumNames kFunctions({std::pair{Function::kMetrics, "METRICS"},
                                {Function::kIf, "IF"},
                                {Function::kFill, "FILL"},
                                {Function::kPeriod, "PERIOD"},
                                {Function::kAvg, "AVG"},
                                {Function::kSum, "SUM"},
                                {Function::kMin, "MIN"},
                                {Function::kMax, "MAX"},
                                {Function::kAbs, "ABS"},
                                {Function::kCeil, "CEIL"},
                                {Function::kFloor, "FLOOR"},
                                {Function::kRate, "RATE"},
                                {Function::kDiff, "DIFF"},
                                {Function::kRunningSum, "RUNNING_SUM"}});

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

std::optional<Operation> OperatorOf(absl::string_view op) {
  if (op == "+") return [](double a, double b) { return a + b; };
  if (op == "-") return [](double a, double b) { return a - b; };
  if (op == "*") return [](double a, double b) { return a * b; };
  if (op == "/") return [](double a, double b) { return a / b; };
  if (op == "^") return [](double a, double b) { return std::pow(a, b); };
  if (op == "==") return [](double a, double b) { return a == b ? 1.0 : 0.0; };
  if (op == "!=") return [](double a, double b) { return a != b ? 1.0 : 0.0; };
  if (op == "<") return [](double a, double b) { return a < b ? 1.0 : 0.0; };
  if (op == ">") return [](double a, double b) { return a > b ? 1.0 : 0.0; };
  if (op == "<=") return [](double a, double b) { return a <= b ? 1.0 : 0.0; };
  if (op == ">=") return [](double a, double b) { return a >= b ? 1.0 : 0.0; };
  if (op == "&&") return [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; };
  if (op == "||") return [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; };
  return std::nullopt;
}

void Set(TimeSeries& series, absl::Time time, double value) {
  if (std::isfinite(value)) series.points.emplace_hint(series.points.end(), time, value);
}

// Of values at one time, or of all points of a series.
class Summary {
 public:
  void Add(double value) {
    ++count_;
    sum_ += value;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }
  // kAvg, kSum, kMin or kMax.
  double Of(Function function) const {
    if (count_ == 0) return kNothing;
    if (function == Function::kAvg) return sum_ / count_;
    if (function == Function::kSum) return sum_;
    return function == Function::kMin ? min_ : max_;
  }

 private:
  double count_ = 0, sum_ = 0;
  double min_ = std::numeric_limits<double>::infinity(), max_ = -std::numeric_limits<double>::infinity();
};

double Summarize(Function function, const TimeSeries& series) {
  Summary summary;
  for (const auto& [time, value] : series.points) summary.Add(value);
  return summary.Of(function);
}

TimeSeries Summarize(Function function, const Many& all) {
  std::map<absl::Time, Summary> summaries;
  TimeSeries result;
  for (const TimeSeries& series : all) {
    result.period = std::max(result.period, series.period);
    for (const auto& [time, value] : series.points) summaries[time].Add(value);
  }
  for (const auto& [time, summary] : summaries) Set(result, time, summary.Of(function));
  return result;
}

TimeSeries Change(Function function, const TimeSeries& series) {
  TimeSeries result{.period = series.period};
  double sum = 0;
  for (auto it = series.points.begin(); it != series.points.end(); ++it) {
    const auto& [time, value] = *it;
    sum += value;
    if (function == Function::kAbs) Set(result, time, std::abs(value));
    if (function == Function::kCeil) Set(result, time, std::ceil(value));
    if (function == Function::kFloor) Set(result, time, std::floor(value));
    if (function == Function::kRunningSum) Set(result, time, sum);
    if (it == series.points.begin()) continue;
    const auto& [time_before, before] = *std::prev(it);
    if (function == Function::kDiff) Set(result, time, value - before);
    if (function == Function::kRate) Set(result, time, (value - before) / absl::ToDoubleSeconds(time - time_before));
  }
  return result;
}

class Evaluator {
 public:
  explicit Evaluator(ExpressionScope& scope) : scope_(scope) {}

  absl::StatusOr<ExpressionValue> Evaluate(const Node& node) {
    switch (node.kind) {
      case Kind::kNumber:
        return node.number;
      case Kind::kId:
        return Named(node.text);
      case Kind::kWord:
      case Kind::kText:
        return Wrong(absl::StrCat(node.text, " is no value here"));
      case Kind::kList:
        return List(node);
      case Kind::kOperator:
        return Operate(node);
      case Kind::kCall:
        return Call(node);
    }
    return Wrong("an unknown operation");
  }

 private:
  absl::Status Spend(size_t points) {
    scope_.budget -= static_cast<int64_t>(points) + 1;
    if (scope_.budget >= 0) return absl::OkStatus();
    return absl::ResourceExhaustedError("the expressions need too much computing; ask for fewer datapoints");
  }
  absl::Status Spend(const ExpressionValue& value) {
    size_t points = 0;
    if (const auto* one = std::get_if<TimeSeries>(&value)) points = one->points.size();
    if (const auto* many = std::get_if<Many>(&value)) {
      for (const TimeSeries& series : *many) points += series.points.size();
    }
    return Spend(points);
  }

  absl::StatusOr<ExpressionValue> Named(const std::string& id) {
    const auto found = scope_.values.find(id);
    if (found == scope_.values.end()) return Wrong(absl::StrCat(id, " is not known"));
    RETURN_IF_ERROR(Spend(found->second));
    return found->second;
  }

  absl::StatusOr<ExpressionValue> List(const Node& node) {
    Many all;
    for (const Node& operand : node.operands) {
      ASSIGN_OR_RETURN(ExpressionValue value, Evaluate(operand));
      if (auto* one = std::get_if<TimeSeries>(&value)) {
        all.push_back(std::move(*one));
      } else if (auto* many = std::get_if<Many>(&value)) {
        std::move(many->begin(), many->end(), std::back_inserter(all));
      } else {
        return Wrong("a list has series, not numbers");
      }
    }
    return ExpressionValue(std::move(all));
  }

  absl::StatusOr<ExpressionValue> Operate(const Node& node) {
    ASSIGN_OR_RETURN(const ExpressionValue left, Evaluate(node.operands[0]));
    ASSIGN_OR_RETURN(const ExpressionValue right, Evaluate(node.operands[1]));
    const std::optional<Operation> function = OperatorOf(node.text);
    if (!function.has_value()) return Wrong(absl::StrCat("there is no operator ", node.text));
    return Combine(*function, left, right);
  }

  absl::StatusOr<ExpressionValue> Combine(const Operation& function, const ExpressionValue& left,
                                          const ExpressionValue& right) {
    RETURN_IF_ERROR(Spend(left));
    RETURN_IF_ERROR(Spend(right));
    const auto* many_left = std::get_if<Many>(&left);
    const auto* many_right = std::get_if<Many>(&right);
    if (many_left != nullptr && many_right != nullptr) return Wrong("an operator cannot take two lists");
    if (many_left == nullptr && many_right == nullptr) return CombineOne(function, left, right);
    Many results;
    for (const TimeSeries& series : many_left != nullptr ? *many_left : *many_right) {
      const ExpressionValue one = series;
      RETURN_IF_ERROR(Spend(many_left != nullptr ? right : left));
      results.push_back(std::get<TimeSeries>(many_left != nullptr ? CombineOne(function, one, right)
                                                                  : CombineOne(function, left, one)));
    }
    return ExpressionValue(std::move(results));
  }

  // Of numbers and series, no lists.
  static ExpressionValue CombineOne(const Operation& function, const ExpressionValue& left,
                                    const ExpressionValue& right) {
    const auto* a = std::get_if<TimeSeries>(&left);
    const auto* b = std::get_if<TimeSeries>(&right);
    if (a == nullptr && b == nullptr) return function(std::get<double>(left), std::get<double>(right));
    TimeSeries result{.period = std::max(a != nullptr ? a->period : absl::ZeroDuration(),
                                         b != nullptr ? b->period : absl::ZeroDuration())};
    if (b == nullptr) {
      for (const auto& [time, value] : a->points) Set(result, time, function(value, std::get<double>(right)));
    } else if (a == nullptr) {
      for (const auto& [time, value] : b->points) Set(result, time, function(std::get<double>(left), value));
    } else {
      for (const auto& [time, value] : a->points) {
        const auto other = b->points.find(time);
        if (other != b->points.end()) Set(result, time, function(value, other->second));
      }
    }
    return result;
  }

  absl::StatusOr<ExpressionValue> Call(const Node& node) {
    const std::optional<Function> function = kFunctions.Find(node.text);
    if (function == Function::kMetrics) {
      RETURN_IF_ERROR(CheckCount(node, 0, 1));
      return Metrics(node);
    }
    if (function == Function::kIf) {
      RETURN_IF_ERROR(CheckCount(node, 2, 3));
      return If(node);
    }
    if (function == Function::kFill) {
      RETURN_IF_ERROR(CheckCount(node, 2, 2));
      return Fill(node);
    }
    RETURN_IF_ERROR(CheckCount(node, 1, 1));
    ASSIGN_OR_RETURN(ExpressionValue value, Evaluate(node.operands[0]));
    RETURN_IF_ERROR(Spend(value));
    if (!function.has_value()) return Wrong(absl::StrCat("there is no function ", node.text));
    return Apply(*function, std::move(value));
  }

  static absl::Status CheckCount(const Node& node, size_t least, size_t most) {
    if (node.operands.size() >= least && node.operands.size() <= most) return absl::OkStatus();
    return Wrong(absl::StrCat(node.text, " takes ", least, least == most ? "" : absl::StrCat(" to ", most),
                              " values, not ", node.operands.size()));
  }

  // A function of one value.
  static absl::StatusOr<ExpressionValue> Apply(Function function, ExpressionValue value) {
    const auto* one = std::get_if<TimeSeries>(&value);
    const auto* many = std::get_if<Many>(&value);
    switch (function) {
      case Function::kAvg:
      case Function::kSum:
      case Function::kMin:
      case Function::kMax:
        if (one != nullptr) return ExpressionValue(Summarize(function, *one));
        if (many != nullptr) return ExpressionValue(Summarize(function, *many));
        return value;
      case Function::kPeriod:
        if (one == nullptr) return Wrong("PERIOD takes one series");
        return ExpressionValue(absl::ToDoubleSeconds(one->period));
      default:
        return Each(function, value);
    }
  }

  static absl::StatusOr<ExpressionValue> Each(Function function, const ExpressionValue& value) {
    if (const auto* one = std::get_if<TimeSeries>(&value)) return ExpressionValue(Change(function, *one));
    if (const auto* many = std::get_if<Many>(&value)) {
      Many results;
      for (const TimeSeries& series : *many) results.push_back(Change(function, series));
      return ExpressionValue(std::move(results));
    }
    const double number = std::get<double>(value);
    if (function == Function::kAbs) return ExpressionValue(std::abs(number));
    if (function == Function::kCeil) return ExpressionValue(std::ceil(number));
    if (function == Function::kFloor) return ExpressionValue(std::floor(number));
    return Wrong(absl::StrCat(kFunctions.Of(function), " takes a series, not a number"));
  }

  absl::StatusOr<ExpressionValue> Metrics(const Node& node) {
    std::string part;
    if (!node.operands.empty()) {
      if (node.operands[0].kind != Kind::kText) return Wrong("METRICS takes a text in quotation marks, or nothing");
      part = node.operands[0].text;
    }
    Many all;
    for (const std::string& id : scope_.metrics) {
      if (!absl::StrContains(id, part)) continue;
      ASSIGN_OR_RETURN(ExpressionValue value, Named(id));
      if (auto* one = std::get_if<TimeSeries>(&value)) all.push_back(std::move(*one));
    }
    return ExpressionValue(std::move(all));
  }

  // What a choice gives at `time`; none when it has no point there.
  static double ValueAt(const ExpressionValue& value, absl::Time time) {
    if (const auto* number = std::get_if<double>(&value)) return *number;
    const auto& points = std::get<TimeSeries>(value).points;
    const auto point = points.find(time);
    return point == points.end() ? kNothing : point->second;
  }

  absl::StatusOr<ExpressionValue> If(const Node& node) {
    ASSIGN_OR_RETURN(const ExpressionValue condition, Evaluate(node.operands[0]));
    ASSIGN_OR_RETURN(ExpressionValue yes, Evaluate(node.operands[1]));
    ExpressionValue no = kNothing;
    if (node.operands.size() > 2) {
      ASSIGN_OR_RETURN(no, Evaluate(node.operands[2]));
    }
    RETURN_IF_ERROR(Spend(condition));
    if (const auto* number = std::get_if<double>(&condition)) return *number != 0 ? std::move(yes) : std::move(no);
    const auto* series = std::get_if<TimeSeries>(&condition);
    if (series == nullptr || std::holds_alternative<Many>(yes) || std::holds_alternative<Many>(no)) {
      return Wrong("IF takes numbers and single series, no lists");
    }
    TimeSeries result{.period = series->period};
    for (const auto& [time, value] : series->points) Set(result, time, ValueAt(value != 0 ? yes : no, time));
    return ExpressionValue(std::move(result));
  }

  absl::StatusOr<ExpressionValue> Fill(const Node& node) {
    ASSIGN_OR_RETURN(ExpressionValue value, Evaluate(node.operands[0]));
    const Node& with = node.operands[1];
    ExpressionValue filler = kNothing;
    if (with.kind != Kind::kWord) {
      ASSIGN_OR_RETURN(filler, Evaluate(with));
      if (std::holds_alternative<Many>(filler)) return Wrong("FILL fills with a number, a series, REPEAT or LINEAR");
    }
    if (const auto* one = std::get_if<TimeSeries>(&value)) {
      ASSIGN_OR_RETURN(TimeSeries filled, FillOne(*one, with, filler));
      return ExpressionValue(std::move(filled));
    }
    const auto* many = std::get_if<Many>(&value);
    if (many == nullptr) return Wrong("FILL takes a series, not a number");
    Many results;
    for (const TimeSeries& series : *many) {
      ASSIGN_OR_RETURN(TimeSeries filled, FillOne(series, with, filler));
      results.push_back(std::move(filled));
    }
    return ExpressionValue(std::move(results));
  }

  absl::StatusOr<TimeSeries> FillOne(const TimeSeries& series, const Node& with, const ExpressionValue& filler) {
    const absl::Duration period = series.period;
    if (period <= absl::ZeroDuration()) return series;
    RETURN_IF_ERROR(Spend(static_cast<size_t>(std::max(0.0, absl::FDivDuration(scope_.to - scope_.from, period)))));
    TimeSeries result{.period = period};
    const absl::Time first = absl::UnixEpoch() + absl::Ceil(scope_.from - absl::UnixEpoch(), period);
    for (absl::Time time = first; time < scope_.to; time += period) {
      const auto next = series.points.lower_bound(time);
      if (next != series.points.end() && next->first == time) {
        Set(result, time, next->second);
      } else if (with.kind != Kind::kWord) {
        Set(result, time, ValueAt(filler, time));
      } else if (next != series.points.begin()) {
        const auto before = std::prev(next);
        if (with.text == "REPEAT") {
          Set(result, time, before->second);
        } else if (next != series.points.end()) {
          const double share = absl::FDivDuration(time - before->first, next->first - before->first);
          Set(result, time, before->second + share * (next->second - before->second));
        }
      }
    }
    return result;
  }

  ExpressionScope& scope_;
};

}  // namespace

absl::StatusOr<ExpressionValue> EvaluateExpression(const ExpressionNode& root, ExpressionScope& scope) {
  return Evaluator(scope).Evaluate(root);
}

}  // namespace brume::cloudwatch
