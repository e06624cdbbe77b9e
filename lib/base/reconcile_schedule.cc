#include "lib/base/reconcile_schedule.h"

#include <algorithm>
#include <atomic>

namespace brume {
namespace {

// Read by threads of loops that a schedule does not run.
std::atomic<ReconcileSchedule*> current_schedule = nullptr;

}  // namespace

ReconcileSchedule::ReconcileSchedule() { current_schedule = this; }

ReconcileSchedule::~ReconcileSchedule() { current_schedule = nullptr; }

ReconcileSchedule* ReconcileSchedule::Current() { return current_schedule.load(std::memory_order_relaxed); }

size_t ReconcileSchedule::CountDue() const {
  size_t due = 0;
  for (const auto& [key, loop] : loops_) due += loop.count_due(now_);
  return due;
}

std::string ReconcileSchedule::RunDue(size_t n) {
  for (const auto& [key, loop] : loops_) {
    const size_t due = loop.count_due(now_);
    if (n < due) return loop.run_due(now_, n);
    n -= due;
  }
  return "";
}

absl::Duration ReconcileSchedule::UntilNext() const {
  absl::Duration least = absl::InfiniteDuration();
  for (const auto& [key, loop] : loops_) {
    const std::optional<Instant> next = loop.next_due();
    if (next.has_value()) least = std::min(least, absl::FromChrono(*next - now_));
  }
  return std::max(least, absl::ZeroDuration());
}

void ReconcileSchedule::Add(const void* key, Loop loop) {
  Remove(key);
  loops_.emplace_back(key, std::move(loop));
}

void ReconcileSchedule::Remove(const void* key) {
  std::erase_if(loops_, [&](const auto& each) { return each.first == key; });
}

}  // namespace brume
