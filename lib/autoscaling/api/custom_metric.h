// A customized metric of a policy, in requests and answers.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/policy_metric.pb.h"
#include "lib/autoscaling/model/record.h"

namespace brume::autoscaling {

// One metric, or metric maths. Error: ValidationError; of expressions only what can be told without reading them.
absl::Status ParseCustomMetric(const v1::CustomizedMetricSpecification& given, scaling::MetricRequest& metric);
v1::CustomizedMetricSpecification RenderCustomMetric(const scaling::MetricRequest& metric);

// The same of the queries of a predictive policy's metric.
absl::StatusOr<std::vector<alarm::WatchQuery>> ParseQueries(
    const google::protobuf::RepeatedPtrField<v1::MetricDataQuery>& given);
google::protobuf::RepeatedPtrField<v1::MetricDataQuery> RenderQueries(const std::vector<alarm::WatchQuery>& queries);

}  // namespace brume::autoscaling
