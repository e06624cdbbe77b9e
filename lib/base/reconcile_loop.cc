#include "lib/base/reconcile_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/reconcile_schedule.h"
#include "lib/base/side_effect.h"
#include "lib/base/work_watch.h"

namespace brume {
namespace {

using Instant = std::chrono::steady_clock::time_point;

// As SteadyDeadline, in a simulation's time where there is one.
Instant LoopDeadline(absl::Duration wait) {
  const ReconcileSchedule* const schedule = ReconcileSchedule::Current();
  if (schedule == nullptr) return SteadyDeadline(wait);
  return schedule->Now() + absl::ToChronoNanoseconds(std::clamp(wait, absl::ZeroDuration(), absl::Hours(24 * 365)));
}

}  // namespace

ReconcileEngine::ReconcileEngine(ReconcileOptions options, KeyTraits traits, Reconcile reconcile)
    : options_(std::move(options)),
      traits_(traits),
      reconcile_(std::move(reconcile)),
      entries_(Less{.less = traits.less}) {}

ReconcileEngine::~ReconcileEngine() { Stop(); }

void ReconcileEngine::Start() {
  MutexLock lock(mutex_);
  if (!threads_.empty() || stopping_) return;
  if (ReconcileSchedule* const schedule = ReconcileSchedule::Current(); schedule != nullptr) {
    // Keys are counted in their own order, which is the same in each run, as that of equal times in queue_ is not.
    const auto is_due = [](const Node& node, Instant now) {
      return node.second.due.has_value() && *node.second.due <= now;
    };
    schedule->Add(this,
                  {.count_due =
                       [=, this](Instant now) {
                         MutexLock held(mutex_);
                         return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(),
                                                                  [&](const Node& node) { return is_due(node, now); }));
                       },
                   .run_due =
                       [=, this](Instant now, size_t n) {
                         MutexLock held(mutex_);
                         Node& node = *std::find_if(entries_.begin(), entries_.end(),
                                                    [&](const Node& each) { return is_due(each, now) && n-- == 0; });
                         queue_.erase({*node.second.due, &node});
                         node.second.due.reset();
                         node.second.running = true;
                         const std::string text = options_.name + ": " + traits_.text(node.first.get());
                         held.Unlock();
                         const absl::StatusOr<absl::Duration> again = reconcile_(node.first.get());
                         held.Lock();
                         Settle(node, again);
                         return text;
                       },
                   .next_due = [this]() -> std::optional<Instant> {
                     MutexLock held(mutex_);
                     if (queue_.empty()) return std::nullopt;
                     return queue_.begin()->first;
                   }});
    return;
  }
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
}

void ReconcileEngine::Stop() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.NotifyAll();
  if (ReconcileSchedule* const schedule = ReconcileSchedule::Current(); schedule != nullptr) schedule->Remove(this);
  for (std::thread& thread : threads) thread.join();
}

void ReconcileEngine::WakeAfter(const void* key, absl::Duration delay) {
  if (delay == absl::InfiniteDuration()) return;
  const Instant due = LoopDeadline(delay);
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    auto known = entries_.find(key);
    if (known == entries_.end()) known = entries_.emplace(traits_.copy(key), Entry{}).first;
    Entry& entry = known->second;
    if (entry.running) {
      entry.due_after_run = entry.due_after_run ? std::min(*entry.due_after_run, due) : due;
      return;
    }
    Queue(*known, due);
  }
  changed_.NotifyOne();
}

void ReconcileEngine::Queue(Node& node, Instant due) {
  Entry& entry = node.second;
  if (entry.due) {
    if (*entry.due <= due) return;
    queue_.erase({*entry.due, &node});
  }
  entry.due = due;
  queue_.emplace(due, &node);
}

ReconcileEngine::Node* ReconcileEngine::Take() {
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.Wait(mutex_);
      continue;
    }
    const auto [due, node] = *queue_.begin();
    if (due > std::chrono::steady_clock::now()) {
      changed_.WaitUntil(mutex_, due);
      continue;
    }
    queue_.erase(queue_.begin());
    // While this thread works, another must watch for what is due next: that one's wake-up may have reached this one.
    if (!queue_.empty()) changed_.NotifyOne();
    node->second.due.reset();
    node->second.running = true;
    return node;
  }
  return nullptr;
}

void ReconcileEngine::Settle(Node& node, const absl::StatusOr<absl::Duration>& again) {
  Entry& entry = node.second;
  entry.running = false;
  absl::Duration wait;
  if (again.ok()) {
    entry.failures = 0;
    wait = *again;
  } else {
    const int doublings = std::min(entry.failures++, 20);
    wait = std::min(options_.first_backoff * (int64_t{1} << doublings), options_.max_backoff);
    log::Warn("{}: {} failed, again in {} ms: {}", options_.name, traits_.text(node.first.get()),
              absl::ToInt64Milliseconds(wait), again.status().message());
  }
  std::optional<Instant> next = std::exchange(entry.due_after_run, std::nullopt);
  if (wait != absl::InfiniteDuration()) {
    const Instant after = LoopDeadline(wait);
    next = next ? std::min(*next, after) : after;
  }
  if (next) {
    Queue(node, *next);
    changed_.NotifyOne();
  } else if (again.ok()) {
    entries_.erase(entries_.find(node.first));
  }
}

void ReconcileEngine::Run() {
  MutexLock lock(mutex_);
  while (Node* const node = Take()) {
    lock.Unlock();
    const absl::StatusOr<absl::Duration> again = [&] {
      const WatchedWork work(options_.name + ": " + traits_.text(node->first.get()));
      const FailpointScope scope(options_.name);
      return reconcile_(node->first.get());
    }();
    lock.Lock();
    Settle(*node, again);
  }
}

}  // namespace brume
