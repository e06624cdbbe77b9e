#include "lib/cloudwatch/expression_evaluator.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/expression_functions.h"
#include "lib/cloudwatch/expression_lists.h"

namespace brume::cloudwatch {
namespace {

using Node = ExpressionNode;
using NodeKind = Node::Kind;
using Many = std::vector<TimeSeries>;

// CloudWatch's functions that need what is not here.
absl::string_view WhyAbsent(absl::string_view function) {
  if (function == "ANOMALY_DETECTION_BAND") return "anomalies are not detected";
  if (function == "INSIGHT_RULE_METRIC") return "there are no Contributor Insights rules";
  if (function == "SERVICE_QUOTA") return "metrics have no quotas";
  if (function == "DB_PERF_INSIGHTS") return "there are no databases";
  if (function == "LAMBDA") return "there are no functions of Lambda's";
  return "";
}

class Evaluator {
 public:
  explicit Evaluator(ExpressionScope& scope) : scope_(scope) {}

  absl::StatusOr<ExpressionValue> Evaluate(const Node& node) {
    switch (node.kind) {
      case NodeKind::kNumber:
        return node.number;
      case NodeKind::kId:
        return Named(node.text);
      case NodeKind::kWord:
      case NodeKind::kText:
        return Wrong(absl::StrCat(node.text, " is no value here"));
      case NodeKind::kList:
        return List(node);
      case NodeKind::kOperator:
        return Operate(node);
      case NodeKind::kCall:
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
    return Combine(OperationOf(node.op), left, right);
  }

  absl::StatusOr<ExpressionValue> Combine(BinaryOperation function, const ExpressionValue& left,
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
  static ExpressionValue CombineOne(BinaryOperation function, const ExpressionValue& left,
                                    const ExpressionValue& right) {
    const auto* a = std::get_if<TimeSeries>(&left);
    const auto* b = std::get_if<TimeSeries>(&right);
    if (a == nullptr && b == nullptr) return function(std::get<double>(left), std::get<double>(right));
    TimeSeries result{.period = std::max(a != nullptr ? a->period : absl::ZeroDuration(),
                                         b != nullptr ? b->period : absl::ZeroDuration())};
    if (b == nullptr) {
      for (const auto& [time, value] : a->points) AppendPoint(result, time, function(value, std::get<double>(right)));
    } else if (a == nullptr) {
      for (const auto& [time, value] : b->points) AppendPoint(result, time, function(std::get<double>(left), value));
    } else {
      for (const auto& [time, value] : a->points) {
        const auto other = b->points.find(time);
        if (other != b->points.end()) AppendPoint(result, time, function(value, other->second));
      }
    }
    return result;
  }

  using Handler = absl::StatusOr<ExpressionValue> (Evaluator::*)(const Node&);
  struct Function {
    absl::string_view name;
    size_t min, max;  // operands
    Handler handler;
  };

  absl::StatusOr<ExpressionValue> Call(const Node& node) {
    static constexpr Function kFunctions[] = {
        {"METRICS", 0, 1, &Evaluator::Metrics},     {"IF", 2, 3, &Evaluator::If},
        {"FILL", 2, 2, &Evaluator::Fill},           {"SEARCH", 2, 3, &Evaluator::Search},
        {"SORT", 3, 4, &Evaluator::Sort},           {"SLICE", 2, 3, &Evaluator::Slice},
        {"FIRST", 1, 1, &Evaluator::OneOfList},     {"LAST", 1, 1, &Evaluator::OneOfList},
        {"REMOVE_EMPTY", 1, 1, &Evaluator::OfList}, {"METRIC_COUNT", 1, 1, &Evaluator::OfList},
        {"PERIOD", 1, 1, &Evaluator::Period},       {"TIME_SERIES", 1, 1, &Evaluator::Constant},
    };
    for (const Function& function : kFunctions) {
      if (function.name != node.text) continue;
      RETURN_IF_ERROR(CheckCount(node, function.min, function.max));
      return (this->*function.handler)(node);
    }
    return CallOfOne(node);
  }

  static absl::Status CheckCount(const Node& node, size_t min, size_t max) {
    if (node.operands.size() >= min && node.operands.size() <= max) return absl::OkStatus();
    return Wrong(absl::StrCat(node.text, " takes ", min, min == max ? "" : absl::StrCat(" to ", max), " values, not ",
                              node.operands.size()));
  }

  // A function of one value of any type.
  absl::StatusOr<ExpressionValue> CallOfOne(const Node& node) {
    const absl::string_view absent = WhyAbsent(node.text);
    if (!absent.empty()) return Wrong(absl::StrCat("the function ", node.text, " is not supported: ", absent));
    const auto summary = FindSummary(node.text);
    const auto of_number = FindNumberFunction(node.text);
    const auto of_series = FindSeriesFunction(node.text);
    if (!summary.has_value() && !of_number.has_value() && !of_series.has_value()) {
      return Wrong(absl::StrCat("there is no function ", node.text));
    }
    RETURN_IF_ERROR(CheckCount(node, 1, 1));
    ASSIGN_OR_RETURN(ExpressionValue value, Evaluate(node.operands[0]));
    RETURN_IF_ERROR(Spend(value));
    const auto* number = std::get_if<double>(&value);
    const auto* one = std::get_if<TimeSeries>(&value);
    if (summary.has_value()) {
      if (number != nullptr) return ExpressionValue((*summary)({*number}));
      if (one != nullptr) return ExpressionValue(Summarize(*summary, *one));
      return ExpressionValue(Summarize(*summary, std::get<Many>(value)));
    }
    if (number != nullptr && of_number.has_value()) return ExpressionValue((*of_number)(*number));
    if (number != nullptr) return Wrong(absl::StrCat(node.text, " takes a series, not a number"));
    const auto apply = [&](const TimeSeries& series) {
      return of_number.has_value() ? OfEach(*of_number, series) : (*of_series)(series);
    };
    if (one != nullptr) return ExpressionValue(apply(*one));
    Many results;
    for (const TimeSeries& series : std::get<Many>(value)) results.push_back(apply(series));
    return ExpressionValue(std::move(results));
  }

  static TimeSeries OfEach(double (*function)(double), const TimeSeries& series) {
    TimeSeries result{.period = series.period, .label = series.label};
    for (const auto& [time, value] : series.points) AppendPoint(result, time, function(value));
    return result;
  }

  absl::StatusOr<ExpressionValue> Period(const Node& node) {
    ASSIGN_OR_RETURN(const ExpressionValue value, Evaluate(node.operands[0]));
    const auto* one = std::get_if<TimeSeries>(&value);
    if (one == nullptr) return Wrong("PERIOD takes one series");
    return ExpressionValue(absl::ToDoubleSeconds(one->period));
  }

  // TIME_SERIES(5)
  absl::StatusOr<ExpressionValue> Constant(const Node& node) {
    ASSIGN_OR_RETURN(const ExpressionValue value, Evaluate(node.operands[0]));
    const auto* number = std::get_if<double>(&value);
    if (number == nullptr) return Wrong("TIME_SERIES takes a number");
    ASSIGN_OR_RETURN(TimeSeries series, FillOne({.period = scope_.period}, node, value));
    return ExpressionValue(std::move(series));
  }

  // The first operand.
  absl::StatusOr<Many> ListOf(const Node& node) {
    ASSIGN_OR_RETURN(ExpressionValue value, Evaluate(node.operands[0]));
    RETURN_IF_ERROR(Spend(value));
    if (auto* many = std::get_if<Many>(&value)) return std::move(*many);
    return Wrong(absl::StrCat(node.text, " takes a list of series, such as METRICS()"));
  }

  absl::StatusOr<ExpressionValue> OneOfList(const Node& node) {
    ASSIGN_OR_RETURN(Many all, ListOf(node));
    if (all.empty()) return ExpressionValue(TimeSeries{.period = scope_.period});
    return ExpressionValue(std::move(node.text == "FIRST" ? all.front() : all.back()));
  }

  // REMOVE_EMPTY and METRIC_COUNT.
  absl::StatusOr<ExpressionValue> OfList(const Node& node) {
    ASSIGN_OR_RETURN(Many all, ListOf(node));
    if (node.text == "METRIC_COUNT") return ExpressionValue(static_cast<double>(all.size()));
    std::erase_if(all, [](const TimeSeries& series) { return series.points.empty(); });
    return ExpressionValue(std::move(all));
  }

  absl::StatusOr<ExpressionValue> Sort(const Node& node) {
    ASSIGN_OR_RETURN(Many all, ListOf(node));
    return SortSeries(node, std::move(all));
  }

  absl::StatusOr<ExpressionValue> Slice(const Node& node) {
    ASSIGN_OR_RETURN(Many all, ListOf(node));
    return SliceSeries(node, std::move(all));
  }

  absl::StatusOr<ExpressionValue> Search(const Node& node) {
    if (!scope_.search) return Wrong("SEARCH is not supported in the metrics of an alarm");
    ASSIGN_OR_RETURN(const SearchOperands operands, ParseSearch(node, scope_.period));
    ASSIGN_OR_RETURN(Many all, scope_.search(operands.text, operands.statistic, operands.period));
    RETURN_IF_ERROR(Spend(ExpressionValue(all)));
    return ExpressionValue(std::move(all));
  }

  absl::StatusOr<ExpressionValue> Metrics(const Node& node) {
    std::string part;
    if (!node.operands.empty()) {
      if (node.operands[0].kind != NodeKind::kText) return Wrong("METRICS takes a text in quotation marks, or nothing");
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
    } else if (const auto* series = std::get_if<TimeSeries>(&yes)) {
      no = TimeSeries{.period = series->period, .label = series->label};
    }
    RETURN_IF_ERROR(Spend(condition));
    if (const auto* number = std::get_if<double>(&condition)) return *number != 0 ? std::move(yes) : std::move(no);
    const auto* series = std::get_if<TimeSeries>(&condition);
    if (series == nullptr || std::holds_alternative<Many>(yes) || std::holds_alternative<Many>(no)) {
      return Wrong("IF takes numbers and single series, no lists");
    }
    TimeSeries result{.period = series->period};
    for (const auto& [time, value] : series->points) AppendPoint(result, time, ValueAt(value != 0 ? yes : no, time));
    return ExpressionValue(std::move(result));
  }

  absl::StatusOr<ExpressionValue> Fill(const Node& node) {
    ASSIGN_OR_RETURN(ExpressionValue value, Evaluate(node.operands[0]));
    const Node& with = node.operands[1];
    ExpressionValue filler = kNothing;
    if (with.kind == NodeKind::kWord && with.text != "REPEAT" && with.text != "LINEAR") {
      return Wrong("FILL fills with a number, a series, REPEAT or LINEAR");
    }
    if (with.kind != NodeKind::kWord) {
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
    TimeSeries result{.period = period, .label = series.label};
    const absl::Time first = absl::UnixEpoch() + absl::Ceil(scope_.from - absl::UnixEpoch(), period);
    for (absl::Time time = first; time < scope_.to; time += period) {
      const auto next = series.points.lower_bound(time);
      if (next != series.points.end() && next->first == time) {
        AppendPoint(result, time, next->second);
      } else if (with.kind != NodeKind::kWord) {
        AppendPoint(result, time, ValueAt(filler, time));
      } else if (next != series.points.begin()) {
        const auto before = std::prev(next);
        if (with.text == "REPEAT") {
          AppendPoint(result, time, before->second);
        } else if (next != series.points.end()) {
          const double share = absl::FDivDuration(time - before->first, next->first - before->first);
          AppendPoint(result, time, before->second + share * (next->second - before->second));
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
