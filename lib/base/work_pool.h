// A few threads and a bounded queue: what does not fit is refused at once instead of waiting without end. The threads
// go before those that have time (lib/base/priority.h).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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

  const size_t most_threads_;
  const size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  size_t busy_ = 0;  // threads that run something
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
};

}  // namespace brume
