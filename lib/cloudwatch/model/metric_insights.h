// Metrics Insights: SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId LIMIT 5.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/model/statistic.h"

namespace brume::cloudwatch {

// Keywords are the same in upper and lower case; names and values are not. Names with other characters than letters,
// digits and underscores, and names that are keywords, stand in double quotation marks; values in single ones.
struct InsightsQuery {
  struct Condition {
    std::string key, value;
    bool equal = true;
  };
  struct Order {
    Statistic function;  // of a series' points
    bool descending = false;
  };
  static constexpr size_t kMaxSeries = 500;

  Statistic function;
  std::string metric_namespace, metric;
  std::optional<std::vector<std::string>> dimensions = {};  // of SCHEMA: all that a metric has, sorted
  std::vector<Condition> conditions = {};
  std::vector<std::string> group_by = {};
  std::optional<Order> order = {};
  size_t limit = kMaxSeries;

  // Whether an expression is such a query and no metric math.
  static bool Is(absl::string_view expression);
  // Error: InvalidArgument, in words that name the place.
  static absl::StatusOr<InsightsQuery> Parse(absl::string_view text);

  // Whether a metric of the namespace and the name is meant. One without a condition's key has no value of it.
  bool Matches(const MetricId& id) const;
  // Its values of the keys of GROUP BY; "Other" for one that it does not have.
  std::vector<std::string> GroupOf(const MetricId& id) const;
};

}  // namespace brume::cloudwatch
