#include "lib/autoscaling/api/custom_metric.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/model/statistic.h"

namespace brume::autoscaling {
namespace {

using Dimensions = google::protobuf::RepeatedPtrField<v1::MetricDimension>;

absl::StatusOr<std::vector<Dimension>> ParseDimensions(const Dimensions& given) {
  std::vector<Dimension> dimensions;
  for (const v1::MetricDimension& dimension : given) dimensions.push_back({dimension.name(), dimension.value()});
  std::sort(dimensions.begin(), dimensions.end());
  const auto same = [](const Dimension& a, const Dimension& b) { return a.name == b.name; };
  if (std::adjacent_find(dimensions.begin(), dimensions.end(), same) != dimensions.end()) {
    return ScalingError("A dimension of the metric is given twice");
  }
  return dimensions;
}

void RenderDimensions(const std::vector<Dimension>& dimensions, Dimensions& rendered) {
  for (const Dimension& dimension : dimensions) {
    v1::MetricDimension& added = *rendered.Add();
    added.set_name(dimension.name);
    added.set_value(dimension.value);
  }
}

// Of a target tracking policy or of a predictive one, whose queries have the same fields.
template <typename Query>
absl::StatusOr<alarm::WatchQuery> ParseQuery(const Query& given) {
  if (given.has_metric_stat() == given.has_expression()) {
    return ScalingError(
        absl::StrCat("The query '", given.id(), "' needs MetricStat or Expression, and only one of them"));
  }
  alarm::WatchQuery query;
  query.id = given.id();
  query.expression = given.expression();
  query.label = given.label();
  query.return_data = !given.has_return_data() || given.return_data();
  if (!given.has_metric_stat()) return query;
  const auto& stat = given.metric_stat();
  query.is_metric = true;
  query.metric.metric_namespace = stat.metric().namespace_();
  query.metric.name = stat.metric().metric_name();
  ASSIGN_OR_RETURN(query.metric.dimensions, ParseDimensions(stat.metric().dimensions()));
  query.statistic = stat.stat();
  query.unit = stat.unit();
  if (cloudwatch::Statistic::Parse(query.statistic).has_value()) return query;
  return ScalingError(absl::StrCat("The Stat of the query '", given.id(),
                                   "' is none of SampleCount, Average, Sum, Minimum, Maximum, ",
                                   cloudwatch::kExtendedStatisticForms));
}

absl::Status ParseMaths(const v1::CustomizedMetricSpecification& given, scaling::MetricRequest& metric) {
  if (given.has_metric_name() || given.has_namespace_() || given.has_statistic() || given.has_unit() ||
      !given.dimensions().empty()) {
    return ScalingError("Metrics exclude MetricName, Namespace, Dimensions, Statistic and Unit");
  }
  int metrics = 0, returned = 0;
  for (const v1::TargetTrackingMetricDataQuery& each : given.metrics()) {
    ASSIGN_OR_RETURN(alarm::WatchQuery query, ParseQuery(each));
    metrics += query.is_metric ? 1 : 0;
    returned += query.return_data ? 1 : 0;
    metric.queries.push_back(std::move(query));
  }
  if (metrics == 0) return ScalingError("Metrics must have a metric among them");
  if (returned != 1) return ScalingError("ReturnData must be true for exactly one of Metrics");
  return absl::OkStatus();
}

template <typename Query>
Query RenderQuery(const alarm::WatchQuery& query) {
  Query rendered;
  rendered.set_id(query.id);
  if (query.is_metric) {
    auto& stat = *rendered.mutable_metric_stat();
    stat.mutable_metric()->set_namespace_(query.metric.metric_namespace);
    stat.mutable_metric()->set_metric_name(query.metric.name);
    RenderDimensions(query.metric.dimensions, *stat.mutable_metric()->mutable_dimensions());
    stat.set_stat(query.statistic);
    if (!query.unit.empty()) stat.set_unit(query.unit);
  } else {
    rendered.set_expression(query.expression);
  }
  if (!query.label.empty()) rendered.set_label(query.label);
  rendered.set_return_data(query.return_data);
  return rendered;
}

}  // namespace

absl::Status ParseCustomMetric(const v1::CustomizedMetricSpecification& given, scaling::MetricRequest& metric) {
  if (!given.metrics().empty()) return ParseMaths(given, metric);
  if (given.metric_name().empty() || given.namespace_().empty() || given.statistic().empty()) {
    return ScalingError("A customized metric needs MetricName, Namespace and Statistic, or Metrics");
  }
  metric.metric.metric_namespace = given.namespace_();
  metric.metric.name = given.metric_name();
  ASSIGN_OR_RETURN(metric.metric.dimensions, ParseDimensions(given.dimensions()));
  metric.statistic = given.statistic();
  metric.unit = given.unit();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<alarm::WatchQuery>> ParseQueries(
    const google::protobuf::RepeatedPtrField<v1::MetricDataQuery>& given) {
  std::vector<alarm::WatchQuery> queries;
  int returned = 0;
  for (const v1::MetricDataQuery& each : given) {
    ASSIGN_OR_RETURN(alarm::WatchQuery query, ParseQuery(each));
    returned += query.return_data ? 1 : 0;
    queries.push_back(std::move(query));
  }
  if (returned == 1) return queries;
  return ScalingError("ReturnData must be true for exactly one of MetricDataQueries");
}

google::protobuf::RepeatedPtrField<v1::MetricDataQuery> RenderQueries(const std::vector<alarm::WatchQuery>& queries) {
  google::protobuf::RepeatedPtrField<v1::MetricDataQuery> rendered;
  for (const alarm::WatchQuery& query : queries) *rendered.Add() = RenderQuery<v1::MetricDataQuery>(query);
  return rendered;
}

v1::CustomizedMetricSpecification RenderCustomMetric(const scaling::MetricRequest& metric) {
  v1::CustomizedMetricSpecification custom;
  for (const alarm::WatchQuery& query : metric.queries) {
    *custom.add_metrics() = RenderQuery<v1::TargetTrackingMetricDataQuery>(query);
  }
  if (!metric.queries.empty()) return custom;
  custom.set_metric_name(metric.metric.name);
  custom.set_namespace_(metric.metric.metric_namespace);
  RenderDimensions(metric.metric.dimensions, *custom.mutable_dimensions());
  custom.set_statistic(metric.statistic);
  if (!metric.unit.empty()) custom.set_unit(metric.unit);
  return custom;
}

}  // namespace brume::autoscaling
