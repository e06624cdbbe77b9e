#include "lib/cloudwatch/alarm_reader.h"

#include <optional>

#include "lib/base/status_macros.h"
#include "lib/cloudwatch/metric_data.h"
#include "lib/cloudwatch/model/statistic.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

using Values = std::vector<std::pair<absl::Time, double>>;

absl::StatusOr<DataQuery> QueryOf(const alarm::WatchQuery& query, absl::Duration period) {
  DataQuery made{.id = query.id,
                 .metric = std::nullopt,
                 .expression = query.expression,
                 .label = query.label,
                 .return_data = query.return_data,
                 .period = query.period};
  if (!query.is_metric) return made;
  const std::optional<Statistic> statistic = Statistic::Parse(query.statistic);
  if (!statistic.has_value()) return absl::InternalError("an alarm has an unknown statistic: " + query.statistic);
  made.metric = {.metric = query.metric,
                 .period = period,
                 .statistic = *statistic,
                 .unit = query.unit.empty() ? std::nullopt : std::optional(query.unit)};
  return made;
}

absl::StatusOr<Values> ReadMaths(MetricService& metrics, const alarm::Watch& watch, absl::Time from, absl::Time to) {
  std::vector<DataQuery> queries;
  for (const alarm::WatchQuery& query : watch.queries) {
    ASSIGN_OR_RETURN(DataQuery made, QueryOf(query, watch.period));
    queries.push_back(std::move(made));
  }
  ASSIGN_OR_RETURN(const std::vector<DataResult> results,
                   EvaluateMetricData(metrics, queries, {.from = from, .to = to, .searches = false}));
  if (results.size() != 1) {
    return ec2::Error("ValidationError", "The expression that an alarm watches must give a single time series");
  }
  return Values(results.front().series.points.begin(), results.front().series.points.end());
}

}  // namespace

absl::StatusOr<std::vector<std::pair<absl::Time, double>>> ReadWatch(MetricService& metrics, const alarm::Watch& watch,
                                                                     absl::Time from, absl::Time to) {
  if (!watch.queries.empty()) return ReadMaths(metrics, watch, from, to);
  MetricQuery query;
  query.id = watch.metric;
  query.from = from;
  query.to = to;
  query.period = watch.period;
  if (!watch.unit.empty()) query.unit = watch.unit;
  ASSIGN_OR_RETURN(const std::vector<PeriodBucket> periods, metrics.ReadBuckets(query));
  const std::optional<Statistic> statistic = Statistic::Parse(watch.statistic);
  Values values;
  values.reserve(periods.size());
  for (const PeriodBucket& period : periods) {
    const std::optional<double> value = statistic.has_value() ? statistic->Of(period.bucket) : std::nullopt;
    if (value.has_value()) values.emplace_back(period.start, *value);
  }
  return values;
}

}  // namespace brume::cloudwatch
