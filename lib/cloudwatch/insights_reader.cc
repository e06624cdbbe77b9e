#include "lib/cloudwatch/insights_reader.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

// CloudWatch's: of more metrics a query processes these.
constexpr size_t kMaxProcessed = 10'000;

absl::StatusOr<std::vector<MetricId>> Processed(MetricService& metrics, const InsightsQuery& query) {
  constexpr size_t kPage = 1000;
  const MetricFilter filter{.metric_namespace = query.metric_namespace, .name = query.metric};
  std::vector<MetricId> found;
  int64_t after = 0;
  while (found.size() < kMaxProcessed) {
    ASSIGN_OR_RETURN(const std::vector<MetricRow> rows, metrics.List(filter, after, kPage));
    for (const MetricRow& row : rows) {
      if (found.size() < kMaxProcessed && query.Matches(row.id)) found.push_back(row.id);
    }
    if (rows.size() < kPage) break;
    after = rows.back().number;
  }
  return found;
}

void Sort(const InsightsQuery::Order& order, std::vector<TimeSeries>& all) {
  std::vector<std::pair<double, TimeSeries>> valued;
  for (TimeSeries& series : all) {
    MetricBucket points;
    for (const auto& [time, value] : series.points) points.Add(value);
    valued.emplace_back(order.function.Of(points).value_or(0), std::move(series));
  }
  std::stable_sort(valued.begin(), valued.end(), [&](const auto& a, const auto& b) {
    return order.descending ? a.first > b.first : a.first < b.first;
  });
  all.clear();
  for (auto& [value, series] : valued) all.push_back(std::move(series));
}

}  // namespace

absl::StatusOr<ExpressionValue> ReadInsights(MetricService& metrics, const InsightsQuery& query,
                                             const InsightsRange& range) {
  ASSIGN_OR_RETURN(const std::vector<MetricId> processed, Processed(metrics, query));
  const double points = absl::FDivDuration(range.to - range.from, range.period) * static_cast<double>(processed.size());
  if (points > range.max_points) {
    return Wrong("the query reads too many datapoints. Ask for longer periods, for less time, or for fewer metrics");
  }
  std::map<std::vector<std::string>, std::map<absl::Time, MetricBucket>> groups;
  if (query.group_by.empty()) groups[{}];
  for (const MetricId& id : processed) {
    ASSIGN_OR_RETURN(const std::vector<PeriodBucket> buckets,
                     metrics.ReadBuckets({.id = id, .from = range.from, .to = range.to, .period = range.period}));
    if (buckets.empty()) continue;  // it had no values in this time
    auto& group = groups[query.GroupOf(id)];
    for (const auto& [start, bucket] : buckets) group[start].Merge(bucket);
  }
  std::vector<TimeSeries> all;
  for (const auto& [group, buckets] : groups) {
    TimeSeries& series = all.emplace_back(TimeSeries{.period = range.period, .label = absl::StrJoin(group, " ")});
    for (const auto& [start, bucket] : buckets) {
      const std::optional<double> value = query.function.Of(bucket);
      if (value.has_value()) series.points.emplace_hint(series.points.end(), start, *value);
    }
  }
  if (query.group_by.empty()) return std::move(all.front());
  if (query.order.has_value()) Sort(*query.order, all);
  if (all.size() > query.limit) all.resize(query.limit);
  return all;
}

}  // namespace brume::cloudwatch
