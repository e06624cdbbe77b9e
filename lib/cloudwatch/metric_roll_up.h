// The care for what is old of the metrics in the store: minutes become hours, and what was kept long enough goes.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

struct MetricServiceOptions;

// Hours before it are packed: what comes of them is added to the hour.
int64_t FirstUnpackedHour(absl::Time now, const MetricServiceOptions& options);

// Thread-safe.
class MetricRollUp {
 public:
  // `moving` is held exclusively while values move from minutes to an hour.
  MetricRollUp(store::Database& database, const Clock& clock, const MetricServiceOptions& options, SharedMutex& moving)
      : database_(database), clock_(clock), options_(options), moving_(moving) {}

  // In portions; what is left of a long absence is done by the next runs.
  absl::Status Run();

 private:
  absl::Status PackHours() ABSL_LOCKS_EXCLUDED(moving_);
  absl::Status Delete();

  store::Database& database_;
  const Clock& clock_;
  const MetricServiceOptions& options_;
  SharedMutex& moving_;
  Mutex running_;
  absl::Time deleted_ ABSL_GUARDED_BY(running_) = absl::InfinitePast();  // when what is too old was
};

}  // namespace brume::cloudwatch
