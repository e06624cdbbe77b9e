// Repository of metrics, and of what is kept of their values: by minutes for the latest hours, by hours before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/model/metric_bucket.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

// One unit of a metric, which is what values are kept of.
struct MetricRow {
  int64_t number = 0;
  MetricId id;
  std::string unit;
  absl::Time seen;
};

struct MetricFilter {
  std::optional<std::string> metric_namespace = {};
  std::optional<std::string> name = {};
  // Dimensions that a metric must have, among others; without a value, any.
  std::vector<std::pair<std::string, std::optional<std::string>>> dimensions = {};
  absl::Time seen_since = absl::InfinitePast();
};

// A block with its number of minutes or hours since 1970.
struct NumberedBlock {
  int64_t number = 0;
  MetricBlock block;
};

class MetricTable {
 public:
  explicit MetricTable(store::Connection& connection) : connection_(connection) {}

  // The row's number; makes the row where there is none.
  absl::StatusOr<int64_t> Ensure(const MetricId& id, const std::string& unit, absl::Time seen);
  // One a unit, in order of the units.
  absl::StatusOr<std::vector<MetricRow>> Find(const MetricId& id);
  // In order of their numbers, from behind `after`; of a metric's units the first.
  absl::StatusOr<std::vector<MetricRow>> List(const MetricFilter& filter, int64_t after, size_t limit);
  absl::StatusOr<int64_t> Count();
  // Evicts at most `max_rows` metrics: those not seen since `oldest`, and where there are more than `keep` those seen
  // longest ago. Their values go in their own time. Whether there may be more to evict.
  absl::StatusOr<bool> Evict(absl::Time oldest, int64_t keep, int max_rows);

  // Null when there is none.
  absl::StatusOr<std::optional<MetricBlock>> GetMinute(int64_t minute, int64_t metric);
  absl::Status PutMinute(int64_t minute, int64_t metric, const MetricBlock& block);
  absl::StatusOr<std::optional<MetricBlock>> GetHour(int64_t hour, int64_t metric);
  absl::Status PutHour(int64_t hour, int64_t metric, const MetricBlock& block);

  // Those of [from, to), in order. `parts`: with their seconds or minutes, as far as those are kept; else their totals
  // alone.
  absl::StatusOr<std::vector<NumberedBlock>> ReadMinutes(int64_t metric, int64_t from, int64_t to, bool parts);
  absl::StatusOr<std::vector<NumberedBlock>> ReadHours(int64_t metric, int64_t from, int64_t to, bool parts);

  // The first minute that is kept as such; none when there is none.
  absl::StatusOr<std::optional<int64_t>> FirstMinute();
  // The metrics that have minutes in `hour`, in order.
  absl::StatusOr<std::vector<int64_t>> MetricsOfHour(int64_t hour);
  // Adds a metric's minutes of `hour` to its hour. The seconds are lost.
  absl::Status PackHour(int64_t hour, int64_t metric);
  // Takes away at most `max_rows` rows of hours before, and whether there are more.
  absl::StatusOr<bool> DeleteHourMinutesBefore(int64_t hour, int max_rows);
  absl::StatusOr<bool> DeleteHoursBefore(int64_t hour, int max_rows);

 private:
  absl::StatusOr<bool> DeleteBefore(const std::string& table, int64_t hour, int max_rows);

  store::Connection& connection_;
};

}  // namespace brume::cloudwatch
