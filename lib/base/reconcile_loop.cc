#include "lib/base/reconcile_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/log.h"

namespace brume {

namespace {

// The clock's arithmetic must not overflow for "in a thousand years".
std::chrono::nanoseconds ToChrono(absl::Duration wait) {
  return absl::ToChronoNanoseconds(std::clamp(wait, absl::ZeroDuration(), absl::Hours(24 * 365)));
}

}  // namespace

ReconcileLoop::ReconcileLoop(ReconcileOptions options, Look look)
    : options_(std::move(options)), look_(std::move(look)) {}

ReconcileLoop::~ReconcileLoop() { Stop(); }

void ReconcileLoop::Start() {
  std::lock_guard lock(mutex_);
  if (!threads_.empty() || stopping_) return;
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
}

void ReconcileLoop::Stop() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void ReconcileLoop::WakeAfter(absl::string_view key, absl::Duration delay) {
  if (delay == absl::InfiniteDuration()) return;
  const Instant due = std::chrono::steady_clock::now() + ToChrono(delay);
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    auto [it, inserted] = entries_.try_emplace(std::string(key));
    Entry& entry = it->second;
    if (entry.running) {
      entry.due_after_run = entry.due_after_run ? std::min(*entry.due_after_run, due) : due;
      return;
    }
    Queue(it->first, entry, due);
  }
  changed_.notify_one();
}

// Requires mutex_. Keeps the earlier of two due times.
void ReconcileLoop::Queue(const std::string& key, Entry& entry, Instant due) {
  if (entry.due) {
    if (*entry.due <= due) return;
    queue_.erase({*entry.due, key});
  }
  entry.due = due;
  queue_.emplace(due, key);
}

void ReconcileLoop::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Instant due = queue_.begin()->first;
    if (due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    const std::string key = queue_.begin()->second;
    queue_.erase(queue_.begin());
    // While this thread looks, another must watch for what is due next: that one's wake-up may have reached this one.
    if (!queue_.empty()) changed_.notify_one();
    Entry& begun = entries_[key];
    begun.due.reset();
    begun.running = true;
    lock.unlock();
    absl::StatusOr<absl::Duration> again = look_(key);
    lock.lock();

    Entry& entry = entries_[key];  // looked up anew: the map may have moved
    entry.running = false;
    absl::Duration wait;
    if (again.ok()) {
      entry.failures = 0;
      wait = *again;
    } else {
      const int doublings = std::min(entry.failures++, 20);
      wait = std::min(options_.first_backoff * (int64_t{1} << doublings), options_.longest_backoff);
      log::Warn("{}: {} failed, again in {} ms: {}", options_.name, key, absl::ToInt64Milliseconds(wait),
                again.status().message());
    }
    std::optional<Instant> next = std::exchange(entry.due_after_run, std::nullopt);
    if (wait != absl::InfiniteDuration()) {
      const Instant after = std::chrono::steady_clock::now() + ToChrono(wait);
      next = next ? std::min(*next, after) : after;
    }
    if (next) {
      Queue(key, entry, *next);
      changed_.notify_one();
    } else if (again.ok()) {
      entries_.erase(key);
    }
  }
}

}  // namespace brume
