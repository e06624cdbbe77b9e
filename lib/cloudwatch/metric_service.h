// Metrics and their values, as CloudWatch keeps them: taken in, rolled up, kept in the store, read back.
//
//   service.Note(id, now, 42);
//   ASSIGN_OR_RETURN(std::vector<StatisticSet> minutes, service.Read(id, now - absl::Hours(1), now, absl::Minutes(1)));
//
// Values are kept by the second for an hour, by the minute for 15 days, and by the hour for 456 days;
// docs/monitoring.md.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/cloudwatch/metric_buffer.h"
#include "lib/cloudwatch/metric_roll_up.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/model/metric_bucket.h"
#include "lib/cloudwatch/tables/metric_table.h"
#include "lib/resource/ids.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

// A metric's row says when its newest value came so much too early at most: it is not written anew with each value.
inline constexpr absl::Duration kSeenStep = absl::Minutes(5);

struct MetricServiceOptions {
  // Values wait in memory so long before they are written; a daemon that is killed loses them.
  absl::Duration flush_every = absl::Seconds(10);
  // Seconds are kept for so long at least, before an hour's are lost together.
  absl::Duration keep_seconds = absl::Hours(1);
  absl::Duration keep_minutes = absl::Hours(24 * 15);
  absl::Duration keep_hours = absl::Hours(24 * 456);
  // More metrics than these are not kept: those that had no value for longest go first, and no new one may be put.
  int64_t max_metrics = 100'000;
  // Values that wait to be written, in units of a hundred bytes or so; more are refused.
  size_t max_waiting = 200'000;
};

// What to read of a metric. Periods are multiples of `period` since 1970.
struct MetricQuery {
  MetricId id;
  absl::Time from, to;  // periods that begin in [from, to)
  absl::Duration period = absl::Minutes(1);
  std::optional<std::string> unit = {};  // none = of all units together
};

struct PeriodBucket {
  absl::Time start;
  MetricBucket bucket;
};

// One value, or many, of a metric.
struct MetricDatum {
  MetricId id;
  std::string unit = "None";
  absl::Time time;
  MetricBucket values;
  bool by_second = false;  // kept by the second, not only by the minute
};

// Thread-safe.
class MetricService {
 public:
  MetricService(store::Database& database, const Clock& clock, MetricServiceOptions options = {});
  // Writes what waits.
  ~MetricService();
  // Begins to write and to roll up; without it Flush and RollUp are the caller's.
  void Start();
  void Stop();

  // Periods of `period` that begin in [from, to) and have data, in order of time. period: a multiple of 1 s. What is no
  // longer kept as finely as `period` is in the period in which its minute or hour begins. EC2's newer names of disk
  // metrics (EBSReadOps) stand for the older (DiskReadOps), here and in all that reads.
  absl::StatusOr<std::vector<StatisticSet>> Read(const MetricId& id, absl::Time from, absl::Time to,
                                                 absl::Duration period);
  // The same with what percentiles need.
  absl::StatusOr<std::vector<PeriodBucket>> ReadBuckets(const MetricQuery& query);
  // The units in which there are values of a metric.
  absl::StatusOr<std::vector<std::string>> UnitsOf(const MetricId& id);
  // In order of their numbers, behind `after`; a metric comes once, whatever its units.
  absl::StatusOr<std::vector<MetricRow>> List(const MetricFilter& filter, int64_t after, size_t limit);

  // One datapoint of our own making, such as a group's metrics; kept like PutMetricData's.
  void Note(const MetricId& id, absl::Time time, double value);
  void Note(const MetricDatum& datum);
  // The data of a caller: all of them or none. Errors: LimitExceeded when there are too many metrics already, or more
  // values than can be written.
  absl::Status Put(const std::vector<MetricDatum>& data);

  // The newest complete sample of an instance's metric ("CPUUtilization", "NetworkIn" …): its value over its sampling
  // period, and when that ended; none when there is none yet. From memory, cheap.
  struct Sample {
    absl::Time time;
    double value = 0;
  };
  std::optional<Sample> Latest(const InstanceId& id, absl::string_view metric) const;
  // By the metrics' names.
  using Samples = absl::flat_hash_map<std::string, Sample>;
  // The sampler's: adds to what Latest knows, and evicts an instance from it.
  void SetLatest(const InstanceId& id, const Samples& samples);
  void DiscardLatest(const InstanceId& id);

  // Writes what waits. What cannot be written waits on.
  absl::Status Flush();
  // Makes minutes into hours, and deletes what is too old, in portions.
  absl::Status RollUp() { return roll_up_.Run(); }

  // The sampler's way in, which does not look metrics up by their names.
  MetricBuffer& buffer() { return buffer_; }
  // Values that were lost, as too many waited.
  int64_t dropped() const { return buffer_.dropped(); }

 private:
  void FlushAndRollUp();
  absl::Status WriteWaiting(store::Connection& connection, absl::Span<WaitingBlock> waiting)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(moving_);

  store::Database& database_;
  const Clock& clock_;
  const MetricServiceOptions options_;
  MetricBuffer buffer_;
  // Exclusive while values move from memory to the store, or within it: who reads both sees each once.
  SharedMutex moving_;
  MetricRollUp roll_up_;
  // Metrics in the store, as far as it is known without asking.
  std::atomic<int64_t> metrics_ = 0;

  mutable Mutex latest_mutex_;
  absl::flat_hash_map<InstanceId, Samples> latest_ ABSL_GUARDED_BY(latest_mutex_);

  Periodic writer_;  // last: it uses all the others
};

}  // namespace brume::cloudwatch
