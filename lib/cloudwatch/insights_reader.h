// What a query of Metrics Insights gives.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/expression_value.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/model/metric_insights.h"

namespace brume::cloudwatch {

struct InsightsRange {
  absl::Time from, to;  // periods that begin in [from, to)
  absl::Duration period;
  double max_points = 0;  // that the query's metrics may have together
};

// One series without GROUP BY, even of no metric; else one of each group, labelled with the group's values. Error:
// InvalidArgument for a query of more metrics than may be read.
absl::StatusOr<ExpressionValue> ReadInsights(MetricService& metrics, const InsightsQuery& query,
                                             const InsightsRange& range);

}  // namespace brume::cloudwatch
