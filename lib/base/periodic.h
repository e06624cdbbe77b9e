// A thread that repeats one piece of work until it is stopped: the one timer loop of services.
//
//   Periodic flusher_{absl::Seconds(10), [this] { Flush(); }};  // last member: its work uses all the others
//   flusher_.Start();
//
// The latch that Stop opens is the timer as well, so that a stop never waits for a period's end.
#pragma once

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "lib/base/mutex.h"

namespace brume {

// Thread-safe, but for Start and Stop, which are the owner's.
class Periodic {
 public:
  // Does the work once, and says how long to wait before it is done again; absl::InfiniteDuration() = until Wake.
  using Work = std::function<absl::Duration()>;

  explicit Periodic(Work work);
  // Waits `period` between the end of the work and its next beginning.
  Periodic(absl::Duration period, std::function<void()> work);
  // Stops.
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

  // The work is done for the first time after `delay`. Does nothing when it was started or stopped before.
  void Start(absl::Duration delay = absl::ZeroDuration());
  // Waits for work under way; none is done any more. Idempotent. Not to be called by the work itself.
  void Stop();

  // The work is done at once, and, when it is under way, once more after that.
  void Wake();

  // For long work, which ends early when it is to stop.
  bool Stopping() const;
  // Waits within the work. False when it is to stop.
  bool Sleep(absl::Duration duration);

 private:
  void Run(absl::Duration delay);

  const Work work_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace brume
