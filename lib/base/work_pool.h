// A few threads and a bounded queue for each source of work: what does not fit is refused at once instead of waiting
// without end. Sources take turns, a piece of work each, so what one waits for grows with their number and not with
// what another asks. The threads go before those that have time (lib/base/priority.h).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"

namespace brume {

// Thread-safe.
class WorkPool {
 public:
  // Up to `threads` pieces of work run at once and `queue` of each source wait. A thread is made when there is work for
  // it: most of the time few are needed, and each takes memory.
  WorkPool(int threads, int queue);
  // Runs what waits, then ends.
  ~WorkPool();

  // False when too much of the source waits already; the work is not run then.
  bool Submit(std::function<void()> work, const std::string& source = "");

 private:
  void Run();
  std::function<void()> Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_threads_;
  const size_t max_waiting_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  size_t busy_ ABSL_GUARDED_BY(mutex_) = 0;   // threads that run something
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;  // of all that waits
  // By source; none of them is empty. Each has one turn.
  std::map<std::string, std::deque<std::function<void()>>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> turns_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume
