// Runs reconcile loops in the place of their threads: one key at a time, in the order and at the time that a simulation
// chooses. For tests only: without one, loops have threads and the real time.
//
//   ReconcileSchedule schedule;  // before the loops are made
//   while (schedule.CountDue() > 0) schedule.RunDue(random.Below(schedule.CountDue()));
//   schedule.Advance(schedule.UntilNext());
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace brume {

// Used by one thread, on which all keys are reconciled. Loops that it runs are stopped before it ends.
class ReconcileSchedule {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  // What it needs of a loop.
  struct Loop {
    std::function<size_t(Instant now)> count_due;
    // Reconciles the n-th key that is due, in the order of keys, and returns how the log names it.
    std::function<std::string(Instant now, size_t n)> run_due;
    std::function<std::optional<Instant>()> next_due;
  };

  // Loops that are started from now on are run by it. One at a time.
  ReconcileSchedule();
  ~ReconcileSchedule();
  ReconcileSchedule(const ReconcileSchedule&) = delete;
  ReconcileSchedule& operator=(const ReconcileSchedule&) = delete;

  // Null: loops have threads.
  static ReconcileSchedule* Current();

  Instant Now() const { return now_; }
  void Advance(absl::Duration by) { now_ += absl::ToChronoNanoseconds(by); }

  // Keys that are due, of all loops.
  size_t CountDue() const;
  // Reconciles the n-th of them: those of the loop that was started first come first. Returns its name.
  std::string RunDue(size_t n);
  // InfiniteDuration when every key waits to be woken.
  absl::Duration UntilNext() const;

  // For loops.
  void Add(const void* key, Loop loop);
  void Remove(const void* key);

 private:
  Instant now_ = Instant(std::chrono::hours(1));
  std::vector<std::pair<const void*, Loop>> loops_;
};

}  // namespace brume
