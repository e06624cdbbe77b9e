// The latest values of metrics in memory, by the minute, until they are written.
//
//   const SeriesHandle series = buffer.Series({"AWS/EC2", "CPUUtilization", {{"InstanceId", "i-…"}}}, "Percent");
//   buffer.Add(series, now, {.count = 1, …}, /*by_second=*/true);
//   std::vector<WaitingBlock> waiting = buffer.Take();
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/mutex.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/model/metric_bucket.h"

namespace brume::cloudwatch {

// One unit of a metric. Its minutes are guarded by the mutex of its buffer.
struct Series {
  Series(MetricId i, std::string u) : id(std::move(i)), unit(std::move(u)) {}

  const MetricId id;
  const std::string unit;

  struct Minute {
    MetricBlock fresh;                  // not written yet
    std::optional<MetricBlock> stored;  // what the store has, when it is known
  };
  std::map<int64_t, Minute> minutes;  // by minutes since 1970

  // The writer's alone.
  int64_t number = 0;  // the row's; 0 = not known
  absl::Time seen = absl::InfinitePast();
};
using SeriesHandle = std::shared_ptr<Series>;

// What a metric's minute has that the store has not.
struct WaitingBlock {
  SeriesHandle series;
  int64_t minute = 0;
  MetricBlock fresh;
  std::optional<MetricBlock> stored;  // as in Minute; the writer sets it
};

// Thread-safe; Take, Written and NotWritten are called by one thread at a time.
class MetricBuffer {
 public:
  explicit MetricBuffer(size_t max_waiting) : max_waiting_(max_waiting) {}

  // The same one as long as somebody has it, or values of it wait.
  SeriesHandle SeriesOf(const MetricId& id, const std::string& unit);
  // False, and the values are lost and counted, when too many wait.
  bool Add(const SeriesHandle& series, absl::Time time, const MetricBucket& values, bool by_second);
  bool HasRoomFor(size_t values) const;

  // Takes all that waits.
  std::vector<WaitingBlock> Take();
  // What Take gave was written, or was not and waits again.
  void Written(absl::Span<WaitingBlock> blocks);
  void NotWritten(absl::Span<const WaitingBlock> blocks);
  // Evicts minutes before `minute` of which nothing waits, and series that nobody has and that have none left.
  void Evict(int64_t minute);

  // What waits of a metric, by units and minutes.
  std::vector<WaitingBlock> WaitingOf(const MetricId& id) const;
  int64_t dropped() const { return dropped_; }

 private:
  void Wait(Series& series, int64_t minute, const MetricBlock& block) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_waiting_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, std::vector<SeriesHandle>> series_
      ABSL_GUARDED_BY(mutex_);                  // by the metric's id, one a unit
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // what is fresh, by SizeOf
  std::atomic<int64_t> dropped_ = 0;
};

}  // namespace brume::cloudwatch
