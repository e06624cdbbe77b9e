#include "lib/cloudwatch/metric_data.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

// That the metrics of one request may have together.
constexpr double kMaxPoints = 2'000'000;

absl::Status Invalid(absl::string_view what) { return ec2::Error("ValidationError", what); }

absl::Status CheckId(const std::string& id) {
  bool good = !id.empty() && absl::ascii_islower(id.front());
  for (const char c : id) good = good && (absl::ascii_isalnum(c) || c == '_');
  if (good) return absl::OkStatus();
  return Invalid(
      absl::StrCat("The Id '", id, "' is not letters, digits and underscores that begin with a small letter"));
}

class Evaluation {
 public:
  Evaluation(MetricService& metrics, const std::vector<DataQuery>& queries, absl::Time from, absl::Time to)
      : metrics_(metrics), queries_(queries) {
    scope_.from = from;
    scope_.to = to;
  }

  absl::Status Prepare() {
    double points = 0;
    for (const DataQuery& query : queries_) {
      RETURN_IF_ERROR(CheckId(query.id));
      if (!by_id_.emplace(query.id, &query).second) {
        return Invalid(absl::StrCat("The Id '", query.id, "' is given more than once"));
      }
      if (query.metric.has_value()) {
        scope_.metrics.push_back(query.id);
        points += absl::FDivDuration(scope_.to - scope_.from, query.metric->period);
        continue;
      }
      absl::StatusOr<Expression> parsed = Expression::Parse(query.expression);
      if (!parsed.ok()) return ExpressionError(query, parsed.status());
      expressions_.emplace(query.id, *std::move(parsed));
    }
    if (points > kMaxPoints) {
      return Invalid(absl::StrCat("The metrics would have up to ", static_cast<int64_t>(points),
                                  " datapoints, more than ", static_cast<int64_t>(kMaxPoints),
                                  ". Ask for longer periods, or for less time"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<const ExpressionValue*> ValueOf(const std::string& id, const std::string& asked_by) {
    if (const auto known = scope_.values.find(id); known != scope_.values.end()) return &known->second;
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) {
      return Invalid(absl::StrCat("Error in expression '", asked_by, "': there is no query with the Id ", id));
    }
    const DataQuery& query = *found->second;
    if (query.metric.has_value()) {
      ASSIGN_OR_RETURN(TimeSeries series, ReadMetric(*query.metric));
      return &scope_.values.emplace(id, std::move(series)).first->second;
    }
    if (!evaluating_.insert(id).second) {
      return Invalid(absl::StrCat("Error in expression '", id, "': it needs itself"));
    }
    const Expression& expression = expressions_.at(id);
    for (const std::string& needed : expression.Ids(scope_.metrics)) RETURN_IF_ERROR(ValueOf(needed, id).status());
    absl::StatusOr<ExpressionValue> value = expression.Evaluate(scope_);
    if (!value.ok()) return ExpressionError(query, value.status());
    evaluating_.erase(id);
    return &scope_.values.emplace(id, *std::move(value)).first->second;
  }

 private:
  static absl::Status ExpressionError(const DataQuery& query, const absl::Status& why) {
    if (!absl::IsInvalidArgument(why) && !absl::IsResourceExhausted(why)) return why;
    return Invalid(absl::StrCat("Error in expression '", query.id, "': ", why.message()));
  }

  absl::StatusOr<TimeSeries> ReadMetric(const DataQuery::MetricStatistic& metric) {
    ASSIGN_OR_RETURN(
        const std::vector<PeriodBucket> buckets,
        metrics_.ReadBuckets(
            {.id = metric.metric, .from = scope_.from, .to = scope_.to, .period = metric.period, .unit = metric.unit}));
    TimeSeries series{.period = metric.period};
    for (const auto& [start, bucket] : buckets) {
      const std::optional<double> value = metric.statistic.Of(bucket);
      if (value.has_value()) series.points.emplace_hint(series.points.end(), start, *value);
    }
    return series;
  }

  MetricService& metrics_;
  const std::vector<DataQuery>& queries_;
  ExpressionScope scope_;
  std::map<std::string, const DataQuery*> by_id_;
  std::map<std::string, Expression> expressions_;
  std::set<std::string> evaluating_;
};

}  // namespace

absl::StatusOr<std::vector<DataResult>> EvaluateMetricData(MetricService& metrics,
                                                           const std::vector<DataQuery>& queries, absl::Time from,
                                                           absl::Time to) {
  Evaluation evaluation(metrics, queries, from, to);
  RETURN_IF_ERROR(evaluation.Prepare());
  std::vector<DataResult> results;
  for (const DataQuery& query : queries) {
    // Also of one that is not returned, so that its mistakes are told.
    ASSIGN_OR_RETURN(const ExpressionValue* value, evaluation.ValueOf(query.id, query.id));
    if (!query.return_data) continue;
    const std::string label = !query.label.empty()       ? query.label
                              : query.metric.has_value() ? query.metric->metric.name
                                                         : query.id;
    if (const auto* one = std::get_if<TimeSeries>(value)) {
      results.push_back({query.id, label, *one});
    } else if (const auto* many = std::get_if<std::vector<TimeSeries>>(value)) {
      for (const TimeSeries& series : *many) results.push_back({query.id, label, series});
    } else {
      return Invalid(
          absl::StrCat("Error in expression '", query.id, "': it gives a number, where only series can be returned"));
    }
  }
  return results;
}

}  // namespace brume::cloudwatch
