// GetMetricData's queries: statistics of metrics, and expressions over them and over each other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/expression.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/model/statistic.h"

namespace brume::cloudwatch {

struct DataQuery {
  struct MetricStatistic {
    MetricId metric;
    absl::Duration period;
    Statistic statistic;
    std::optional<std::string> unit;
  };

  std::string id;
  std::optional<MetricStatistic> metric;  // else the expression
  std::string expression;
  std::string label;
  bool return_data = true;
  absl::Duration period = absl::ZeroDuration();  // of an expression; zero = that of its metrics
};

// What is read: periods that begin in [from, to).
struct DataRange {
  absl::Time from, to;
  bool searches = true;  // SEARCH is allowed
};

struct DataResult {
  std::string id, label;
  TimeSeries series;
};

// Of the queries to be returned, in their order; an expression that gives several series has several results. Errors:
// ValidationError for ids, expressions and ranges that make no sense.
absl::StatusOr<std::vector<DataResult>> EvaluateMetricData(MetricService& metrics,
                                                           const std::vector<DataQuery>& queries,
                                                           const DataRange& range);

}  // namespace brume::cloudwatch
