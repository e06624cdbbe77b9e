#include "lib/cloudwatch/api/metric_data_handlers.h"

#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/api/metric_parse.h"
#include "lib/cloudwatch/metric_data.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/model/statistic.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

struct TimeRange {
  absl::Time from, to;
};

absl::StatusOr<TimeRange> ParseRange(const std::string& start, const std::string& end, ec2::KnownCode code) {
  TimeRange range;
  ASSIGN_OR_RETURN(range.from, gateway::ParseTime(start));
  ASSIGN_OR_RETURN(range.to, gateway::ParseTime(end));
  if (range.from < range.to) return range;
  return ec2::Error(code, "The parameter StartTime must be less than the parameter EndTime");
}

// The extended ones by their names, in the request's order.
struct WantedStatistics {
  std::vector<std::pair<std::string, Statistic>> plain, extended;
};

absl::StatusOr<WantedStatistics> ParseStatistics(const v1::GetMetricStatisticsRequest& request) {
  if ((request.statistics_size() == 0) == (request.extended_statistics_size() == 0)) {
    return ec2::Error("InvalidParameterCombination",
                      "Exactly one of the parameters Statistics and ExtendedStatistics must be given");
  }
  WantedStatistics wanted;
  for (const std::string& name : request.statistics()) {
    const std::optional<Statistic> statistic = Statistic::Parse(name);
    if (statistic.has_value()) wanted.plain.emplace_back(name, *statistic);
  }
  for (const std::string& name : request.extended_statistics()) {
    const std::optional<Statistic> statistic = Statistic::Parse(name);
    if (!statistic.has_value() || !statistic->extended()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The value ", name.substr(0, 100),
                                     " for parameter ExtendedStatistics is not one of ", kExtendedStatisticForms));
    }
    wanted.extended.emplace_back(name, *statistic);
  }
  return wanted;
}

v1::Datapoint RenderDatapoint(const PeriodBucket& period, const WantedStatistics& wanted) {
  v1::Datapoint point;
  point.set_timestamp(gateway::RenderTime(period.start));
  for (const auto& [name, statistic] : wanted.plain) {
    const std::optional<double> value = statistic.Of(period.bucket);
    if (!value.has_value()) continue;
    switch (statistic.kind()) {
      case Statistic::Kind::kSampleCount:
        point.set_sample_count(*value);
        break;
      case Statistic::Kind::kAverage:
        point.set_average(*value);
        break;
      case Statistic::Kind::kSum:
        point.set_sum(*value);
        break;
      case Statistic::Kind::kMinimum:
        point.set_minimum(*value);
        break;
      case Statistic::Kind::kMaximum:
        point.set_maximum(*value);
        break;
      default:
        break;  // an extended one is not among them
    }
  }
  for (const auto& [name, statistic] : wanted.extended) {
    const std::optional<double> value = statistic.Of(period.bucket);
    if (!value.has_value()) continue;
    v1::DatapointValueMap& entry = *point.add_extended_statistics();
    entry.set_key(name);
    entry.set_value(*value);
  }
  return point;
}

absl::StatusOr<v1::GetMetricStatisticsResponse> GetMetricStatistics(const v1::GetMetricStatisticsRequest& request,
                                                                    MetricService& metrics) {
  MetricQuery query;
  ASSIGN_OR_RETURN(query.id, ParseMetric(request.namespace_(), request.metric_name(), request.dimensions(), ""));
  ASSIGN_OR_RETURN(const TimeRange range,
                   ParseRange(request.start_time(), request.end_time(), "InvalidParameterValue"));
  ASSIGN_OR_RETURN(query.period, ParsePeriod(request.period(), "Period"));
  ASSIGN_OR_RETURN(const WantedStatistics wanted, ParseStatistics(request));
  query.from = range.from;
  query.to = range.to;
  constexpr int64_t kMaxDatapoints = 1440;
  const int64_t datapoints =
      absl::ToInt64Seconds(absl::Ceil(range.to - range.from, query.period)) / absl::ToInt64Seconds(query.period);
  if (datapoints > kMaxDatapoints) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("You have requested up to ", datapoints, " datapoints, which exceeds the limit of ",
                                   kMaxDatapoints,
                                   ". You may reduce the datapoints requested by increasing Period, or decreasing the "
                                   "time range"));
  }
  std::vector<std::string> units = {request.unit()};
  if (!request.has_unit()) {
    ASSIGN_OR_RETURN(units, metrics.UnitsOf(query.id));
  }
  std::multimap<absl::Time, v1::Datapoint> points;
  for (const std::string& unit : units) {
    query.unit = unit;
    ASSIGN_OR_RETURN(const std::vector<PeriodBucket> periods, metrics.ReadBuckets(query));
    for (const PeriodBucket& period : periods) {
      v1::Datapoint point = RenderDatapoint(period, wanted);
      point.set_unit(unit);
      points.emplace(period.start, std::move(point));
    }
  }
  v1::GetMetricStatisticsResponse response;
  response.set_label(request.metric_name());
  for (auto& [time, point] : points) *response.add_datapoints() = std::move(point);
  return response;
}

// Datapoints of all results one after another, from `skip` on, at most `max_datapoints`. Whether there are more.
bool RenderPage(const std::vector<DataResult>& results, bool ascending, int64_t skip, int64_t max_datapoints,
                v1::GetMetricDataResponse& response) {
  for (const DataResult& result : results) {
    const auto size = static_cast<int64_t>(result.series.points.size());
    if (skip >= size && skip > 0) {
      skip -= size;
      continue;
    }
    v1::MetricDataResult& rendered = *response.add_metric_data_results();
    rendered.set_id(result.id);
    rendered.set_label(result.label);
    std::vector<std::pair<absl::Time, double>> points(result.series.points.begin(), result.series.points.end());
    if (!ascending) std::reverse(points.begin(), points.end());
    const int64_t end = std::min(size, skip + max_datapoints);
    for (int64_t i = skip; i < end; ++i) {
      rendered.add_timestamps(gateway::RenderTime(points[i].first));
      rendered.add_values(points[i].second);
    }
    rendered.set_status_code(end < size ? "PartialData" : "Complete");
    max_datapoints -= end - skip;
    skip = 0;
    if (end < size) return true;
  }
  return false;
}

absl::StatusOr<v1::GetMetricDataResponse> GetMetricData(const v1::GetMetricDataRequest& request, MetricService& metrics,
                                                        const Settings& settings) {
  ASSIGN_OR_RETURN(const TimeRange range, ParseRange(request.start_time(), request.end_time(), "ValidationError"));
  std::vector<DataQuery> queries;
  bool any = false;
  for (int i = 0; i < request.metric_data_queries_size(); ++i) {
    ASSIGN_OR_RETURN(DataQuery query, ParseDataQuery(request.metric_data_queries(i), settings.account_id,
                                                     absl::StrCat("MetricDataQueries.member.", i + 1)));
    any = any || query.return_data;
    queries.push_back(std::move(query));
  }
  if (!any) return ec2::Error("ValidationError", "ReturnData must be true for at least one of the queries");
  int64_t skip = 0;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken("metric data", request.next_token()));
    if (!absl::SimpleAtoi(position, &skip) || skip <= 0) return gateway::InvalidToken();
  }
  ASSIGN_OR_RETURN(const std::vector<DataResult> results,
                   EvaluateMetricData(metrics, queries, {.from = range.from, .to = range.to}));
  constexpr int64_t kMaxDatapoints = 100'800;
  const int64_t max_datapoints = request.has_max_datapoints() ? request.max_datapoints() : kMaxDatapoints;
  v1::GetMetricDataResponse response;
  if (RenderPage(results, request.scan_by() == "TimestampAscending", skip, max_datapoints, response)) {
    response.set_next_token(gateway::MakeToken("metric data", absl::StrCat(skip + max_datapoints)));
  }
  return response;
}

}  // namespace

void AddMetricDataActions(gateway::Actions& actions, MetricService& metrics, const Settings& settings) {
  actions.Add(GetMetricStatistics, metrics);
  actions.Add(GetMetricData, metrics, settings);
}

}  // namespace brume::cloudwatch
