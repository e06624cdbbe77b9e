#include "lib/gateway/event_log.h"

#include <utility>

#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/event_table.h"

namespace brume::gateway {
namespace {

constexpr absl::Duration kFlushInterval = absl::Milliseconds(500);
constexpr size_t kMaxWaiting = 20'000;
constexpr size_t kFlushAt = 2'000;
constexpr int64_t kEvictEvery = 10'000;  // events, or
constexpr absl::Duration kEvictAfter = absl::Hours(1);
constexpr int kEvictBatch = 2'000;

}  // namespace

EventLog::EventLog(store::Database& database, const Clock& clock, EventLogOptions options)
    : database_(database), clock_(clock), options_(options), evicted_(clock.Now()), flusher_(kFlushInterval, [this] {
        FlushAndEvict();
      }) {
  flusher_.Start(kFlushInterval);
}

EventLog::~EventLog() {
  flusher_.Stop();
  Flush();
}

void EventLog::Append(Event event) {
  if (!event.read_only) {
    const absl::Status written = database_.Write([&](store::Connection& c) { return EventTable(c).Append(event); });
    // The call itself is over: its outcome stands, and its caller is told that.
    if (!written.ok()) log::Error("the event of {} was not written: {}", event.action, written.ToString());
    MutexLock lock(mutex_);
    ++since_eviction_;
    return;
  }
  bool due = false;
  {
    MutexLock lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) {
      ++dropped_;
      return;
    }
    waiting_.push_back(std::move(event));
    due = waiting_.size() == kFlushAt;
  }
  if (due) flusher_.Wake();
}

absl::StatusOr<std::vector<Event>> EventLog::Lookup(const EventQuery& query, int64_t before, int limit) {
  Flush();
  return database_.ReadFor([&](store::Connection& c) { return EventTable(c).Lookup(query, before, limit); });
}

std::vector<Event> EventLog::TakeWaiting() {
  std::vector<Event> batch;
  int64_t dropped = 0;
  {
    MutexLock lock(mutex_);
    batch.swap(waiting_);
    dropped = std::exchange(dropped_, 0);
    since_eviction_ += static_cast<int64_t>(batch.size());
  }
  if (dropped > 0) log::Warn("{} events of calls that only read were dropped: they came too fast", dropped);
  return batch;
}

void EventLog::Flush() {
  MutexLock flushing(flush_mutex_);
  const std::vector<Event> batch = TakeWaiting();
  if (batch.empty()) return;
  const absl::Status written = database_.Write([&](store::Connection& c) -> absl::Status {
    for (const Event& event : batch) RETURN_IF_ERROR(EventTable(c).Append(event));
    return absl::OkStatus();
  });
  if (!written.ok()) log::Error("{} events were not written: {}", batch.size(), written.ToString());
}

void EventLog::Evict() {
  const absl::Time oldest = clock_.Now() - options_.keep_for;
  for (const bool read_only : {false, true}) {
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) {
      more = database_.WriteFor([&](store::Connection& c) {
        return EventTable(c).Evict(read_only, oldest, read_only ? options_.keep_reads : options_.keep_changes,
                                   kEvictBatch);
      });
    }
    if (!more.ok()) log::Error("old events were not forgotten: {}", more.status().ToString());
  }
}

void EventLog::FlushAndEvict() {
  const absl::Time now = clock_.Now();
  bool evict = false;
  {
    MutexLock lock(mutex_);
    evict = now - evicted_ >= kEvictAfter || since_eviction_ >= kEvictEvery;
    if (evict) {
      since_eviction_ = 0;
      evicted_ = now;
    }
  }
  Flush();
  if (evict) Evict();
}

}  // namespace brume::gateway
