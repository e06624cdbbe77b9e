// The log of who did what: every call of the API becomes an event in the store.
//
// A call that changes something is answered after its event is on disk. Events of calls that only read are written in
// batches, at most half a second later; when they come faster than the disk takes them, the excess is dropped, counted,
// and the number stands in the daemon's log.
#pragma once

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/gateway/event.h"
#include "lib/store/database.h"

namespace brume::gateway {

struct EventLogOptions {
  // Older events are evicted, and all but the newest so many. Calls that only read are counted apart, so that a
  // client which polls does not push out what was changed.
  absl::Duration keep_for = absl::Hours(24 * 90);
  int64_t keep_changes = 1'000'000;
  int64_t keep_reads = 100'000;
};

// Thread-safe.
class EventLog {
 public:
  EventLog(store::Database& database, const Clock& clock, EventLogOptions options);
  // Writes what waits.
  ~EventLog();

  void Append(Event event);
  // Newest first, those with a smaller number than `before` (0 = all), at most `limit`. What was appended before the
  // call is found.
  absl::StatusOr<std::vector<Event>> Lookup(const EventQuery& query, int64_t before, int limit);

 private:
  void FlushAndEvict();
  void Flush() ABSL_LOCKS_EXCLUDED(flush_mutex_, mutex_);
  std::vector<Event> TakeWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(flush_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  void Evict();

  store::Database& database_;
  const Clock& clock_;
  const EventLogOptions options_;

  Mutex flush_mutex_;  // held while a batch is written, so that Lookup finds what was taken out of waiting_
  Mutex mutex_ ABSL_ACQUIRED_AFTER(flush_mutex_);
  std::vector<Event> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t since_eviction_ ABSL_GUARDED_BY(mutex_) = 0;  // events
  absl::Time evicted_ ABSL_GUARDED_BY(mutex_);
  Periodic flusher_;  // last: it uses all the others
};

}  // namespace brume::gateway
