// From CloudWatch's messages to metrics: what several handlers parse.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "brume/cloudwatch/v1/metric.pb.h"
#include "lib/cloudwatch/metric_data.h"
#include "lib/cloudwatch/model/metric.h"

namespace brume::cloudwatch {

using Dimensions = google::protobuf::RepeatedPtrField<v1::Dimension>;

// In order of their names. Error: InvalidParameterValue for a name given twice, and for characters that may not be;
// `where` is the parameter that holds them.
absl::StatusOr<std::vector<Dimension>> ParseDimensions(const Dimensions& dimensions, absl::string_view where);
// Error: InvalidParameterValue.
absl::Status CheckMetricName(absl::string_view name, absl::string_view parameter);
absl::Status CheckNamespace(absl::string_view name);
// All three of these. `where` is the parameter that holds them, with a dot behind it, or empty.
absl::StatusOr<MetricId> ParseMetric(const std::string& metric_namespace, const std::string& name,
                                     const Dimensions& dimensions, const std::string& where);

// The same of a message that has Namespace, MetricName and Dimensions.
template <typename Message>
absl::StatusOr<MetricId> MetricOf(const Message& message) {
  return ParseMetric(message.namespace_(), message.metric_name(), message.dimensions(), "");
}

// 1, 5, 10, 30, or a multiple of 60 seconds. Error: InvalidParameterValue.
absl::StatusOr<absl::Duration> ParsePeriod(int32_t seconds, absl::string_view parameter);

// One of GetMetricData's queries, or of those an alarm watches. `where` is the parameter that it is. Errors:
// ValidationError, InvalidParameterValue, MissingParameter.
absl::StatusOr<DataQuery> ParseDataQuery(const v1::MetricDataQuery& query, const std::string& account,
                                         const std::string& where);

v1::Metric RenderMetric(const MetricId& metric);

}  // namespace brume::cloudwatch
