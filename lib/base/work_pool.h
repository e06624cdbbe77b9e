// A few threads and a bounded queue: what does not fit is refused at once instead of waiting without end. The threads
// go before those that have time (lib/base/priority.h).
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"

namespace brume {

// Thread-safe.
class WorkPool {
 public:
  // Up to `threads` pieces of work run at once and `queue` wait. A thread is made when there is work for it: most of
  // the time few are needed, and each takes memory.
  WorkPool(int threads, int queue);
  // Runs what waits, then ends.
  ~WorkPool();

  // False when too much waits already; the work is not run then.
  bool Submit(std::function<void()> work);

 private:
  void Run();

  const size_t max_threads_;
  const size_t max_waiting_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  size_t busy_ ABSL_GUARDED_BY(mutex_) = 0;  // threads that run something
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume
