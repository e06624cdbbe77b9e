#include "lib/monitoring/alarm_reader.h"

#include <optional>

#include "lib/base/status_macros.h"
#include "lib/monitoring/statistic.h"

namespace brume::monitoring {

absl::StatusOr<std::vector<std::pair<absl::Time, double>>> ReadWatch(MetricService& metrics, const alarm::Watch& watch,
                                                                     absl::Time from, absl::Time to) {
  MetricQuery query;
  query.id = watch.metric;
  query.from = from;
  query.to = to;
  query.period = watch.period;
  if (!watch.unit.empty()) query.unit = watch.unit;
  ASSIGN_OR_RETURN(const std::vector<PeriodBucket> periods, metrics.ReadBuckets(query));
  const std::optional<Statistic> statistic = Statistic::Parse(watch.statistic);
  std::vector<std::pair<absl::Time, double>> values;
  values.reserve(periods.size());
  for (const PeriodBucket& period : periods) {
    const std::optional<double> value = statistic.has_value() ? statistic->Of(period.bucket) : std::nullopt;
    if (value.has_value()) values.emplace_back(period.start, *value);
  }
  return values;
}

}  // namespace brume::monitoring
