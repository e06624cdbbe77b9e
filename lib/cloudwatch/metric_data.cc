#include "lib/cloudwatch/metric_data.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/insights_reader.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/cloudwatch/model/metric_insights.h"
#include "lib/cloudwatch/model/metric_search.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

// That the metrics of one request may have together.
constexpr double kMaxPoints = 2'000'000;
// What SEARCH finds of all metrics, and how often one request may ask it.
constexpr size_t kMaxFound = 100;
constexpr int kMaxSearches = 5;

absl::Status CheckId(const std::string& id) {
  bool good = !id.empty() && absl::ascii_islower(id.front());
  for (const char c : id) good = good && (absl::ascii_isalnum(c) || c == '_');
  if (good) return absl::OkStatus();
  return Invalid(
      absl::StrCat("The Id '", id, "' is not letters, digits and underscores that begin with a small letter"));
}

class Evaluation {
 public:
  Evaluation(MetricService& metrics, const std::vector<DataQuery>& queries, const DataRange& range)
      : metrics_(metrics), queries_(queries), searches_allowed_(range.searches) {
    scope_.from = range.from;
    scope_.to = range.to;
    scope_.period = absl::ZeroDuration();
    if (range.searches) {
      scope_.search = [this](const std::string& text, const std::string& statistic, absl::Duration period) {
        return Search(text, statistic, period);
      };
    }
  }

  absl::Status Prepare() {
    double points = 0;
    absl::Duration given_period;
    for (const DataQuery& query : queries_) {
      RETURN_IF_ERROR(CheckId(query.id));
      if (!by_id_.emplace(query.id, &query).second) {
        return Invalid(absl::StrCat("The Id '", query.id, "' is given more than once"));
      }
      if (query.metric.has_value()) {
        scope_.metrics.push_back(query.id);
        scope_.period = std::max(scope_.period, query.metric->period);
        points += absl::FDivDuration(scope_.to - scope_.from, query.metric->period);
        continue;
      }
      RETURN_IF_ERROR(Parse(query));
      given_period = std::max(given_period, query.period);
    }
    if (scope_.period == absl::ZeroDuration()) scope_.period = given_period;
    if (scope_.period == absl::ZeroDuration()) scope_.period = absl::Minutes(1);
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
    if (const auto insights = insights_.find(id); insights != insights_.end()) {
      const absl::Duration period = query.period == absl::ZeroDuration() ? scope_.period : query.period;
      absl::StatusOr<ExpressionValue> series =
          ReadInsights(metrics_, insights->second,
                       {.from = scope_.from, .to = scope_.to, .period = period, .max_points = kMaxPoints});
      if (!series.ok()) return ExpressionError(query, series.status());
      evaluating_.erase(id);
      return &scope_.values.emplace(id, *std::move(series)).first->second;
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

  absl::Status Parse(const DataQuery& query) {
    if (InsightsQuery::Is(query.expression)) return ParseInsights(query);
    absl::StatusOr<Expression> parsed = Expression::Parse(query.expression);
    if (!parsed.ok()) return ExpressionError(query, parsed.status());
    expressions_.emplace(query.id, *std::move(parsed));
    return absl::OkStatus();
  }

  absl::Status ParseInsights(const DataQuery& query) {
    absl::StatusOr<InsightsQuery> parsed = InsightsQuery::Parse(query.expression);
    if (!parsed.ok()) return ExpressionError(query, parsed.status());
    if (!searches_allowed_ && !parsed->group_by.empty()) {
      return ExpressionError(query, Wrong("an alarm watches one time series: GROUP BY is not allowed"));
    }
    if (!insights_.empty()) return ExpressionError(query, Wrong("only one SELECT is allowed in one request"));
    insights_.emplace(query.id, *std::move(parsed));
    return absl::OkStatus();
  }

  absl::StatusOr<TimeSeries> ReadMetric(const DataQuery::MetricStatistic& metric) {
    ASSIGN_OR_RETURN(
        const std::vector<PeriodBucket> buckets,
        metrics_.ReadBuckets(
            {.id = metric.metric, .from = scope_.from, .to = scope_.to, .period = metric.period, .unit = metric.unit}));
    TimeSeries series{.period = metric.period, .label = LabelOf(metric.metric)};
    for (const auto& [start, bucket] : buckets) {
      const std::optional<double> value = metric.statistic.Of(bucket);
      if (value.has_value()) series.points.emplace_hint(series.points.end(), start, *value);
    }
    return series;
  }

  // How a metric is told from others like it: by its dimensions' values, or its name where it has none.
  static std::string LabelOf(const MetricId& metric) {
    std::string label;
    for (const Dimension& dimension : metric.dimensions) {
      absl::StrAppend(&label, label.empty() ? "" : " ", dimension.value);
    }
    return label.empty() ? metric.name : label;
  }

  absl::StatusOr<std::vector<TimeSeries>> Search(const std::string& text, const std::string& statistic_name,
                                                 absl::Duration period) {
    if (++searches_ > kMaxSearches) return absl::InvalidArgumentError("SEARCH may be used 5 times in one request");
    ASSIGN_OR_RETURN(const MetricPattern pattern, MetricPattern::Parse(text));
    const std::optional<Statistic> statistic = Statistic::Parse(statistic_name);
    if (!statistic.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("SEARCH knows no statistic ", statistic_name));
    }
    if (absl::FDivDuration(scope_.to - scope_.from, period) * static_cast<double>(kMaxFound) > kMaxPoints) {
      return absl::InvalidArgumentError(
          "SEARCH could give too many datapoints. Ask for longer periods, or for less time");
    }
    ASSIGN_OR_RETURN(const std::vector<MetricId> found, FindMetrics(pattern));
    std::vector<TimeSeries> all;
    for (const MetricId& metric : found) {
      ASSIGN_OR_RETURN(TimeSeries series, ReadMetric({metric, period, *statistic, std::nullopt}));
      all.push_back(std::move(series));
    }
    return all;
  }

  // In order of namespaces, names and dimensions.
  absl::StatusOr<std::vector<MetricId>> FindMetrics(const MetricPattern& pattern) {
    constexpr size_t kPage = 1000;
    std::vector<MetricId> found;
    int64_t after = 0;
    while (true) {
      ASSIGN_OR_RETURN(const std::vector<MetricRow> rows,
                       metrics_.List({.metric_namespace = pattern.metric_namespace()}, after, kPage));
      for (const MetricRow& row : rows) {
        if (pattern.Matches(row.id)) found.push_back(row.id);
      }
      if (rows.size() < kPage) break;
      after = rows.back().number;
    }
    std::sort(found.begin(), found.end());
    if (found.size() > kMaxFound) found.resize(kMaxFound);
    return found;
  }

  MetricService& metrics_;
  const std::vector<DataQuery>& queries_;
  const bool searches_allowed_;
  ExpressionScope scope_;
  std::map<std::string, const DataQuery*> by_id_;
  std::map<std::string, Expression> expressions_;
  std::map<std::string, InsightsQuery> insights_;  // one at most
  std::set<std::string> evaluating_;
  int searches_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<DataResult>> EvaluateMetricData(MetricService& metrics,
                                                           const std::vector<DataQuery>& queries,
                                                           const DataRange& range) {
  Evaluation evaluation(metrics, queries, range);
  RETURN_IF_ERROR(evaluation.Prepare());
  std::vector<DataResult> results;
  for (const DataQuery& query : queries) {
    // Also of one that is not returned, so that its mistakes are reported.
    ASSIGN_OR_RETURN(const ExpressionValue* value, evaluation.ValueOf(query.id, query.id));
    if (!query.return_data) continue;
    const std::string label = !query.label.empty()       ? query.label
                              : query.metric.has_value() ? query.metric->metric.name
                                                         : query.id;
    if (const auto* one = std::get_if<TimeSeries>(value)) {
      results.push_back({query.id, label, *one});
    } else if (const auto* many = std::get_if<std::vector<TimeSeries>>(value)) {
      for (const TimeSeries& series : *many) {
        const std::string own = query.label.empty() ? series.label : absl::StrCat(label, " ", series.label);
        results.push_back({query.id, series.label.empty() ? label : own, series});
      }
    } else {
      return Invalid(
          absl::StrCat("Error in expression '", query.id, "': it gives a number, where only series can be returned"));
    }
  }
  return results;
}

}  // namespace brume::cloudwatch
