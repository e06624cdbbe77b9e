#include "lib/base/work_pool.h"

#include <utility>

#include "lib/base/priority.h"

namespace brume {

WorkPool::WorkPool(int threads, int queue) : max_threads_(threads), max_waiting_(queue) {}

WorkPool::~WorkPool() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

bool WorkPool::Submit(std::function<void()> work, const std::string& source) {
  {
    MutexLock lock(mutex_);
    const auto present = waiting_.find(source);
    const size_t of_source = present == waiting_.end() ? 0 : present->second.size();
    // What a thread is free for does not wait, whether it has been made, or has come round to it, yet or not.
    if (of_source + busy_ >= max_threads_ + max_waiting_) return false;
    if (of_source == 0) turns_.push_back(source);
    waiting_[source].push_back(std::move(work));
    ++count_;
    const bool wanted = count_ + busy_ > threads_.size() && threads_.size() < max_threads_;
    if (wanted && !stopping_) {
      threads_.emplace_back([this] { Run(); });
    }
  }
  changed_.NotifyOne();
  return true;
}

std::function<void()> WorkPool::Take() {
  const std::string source = std::move(turns_.front());
  turns_.pop_front();
  const auto waiting = waiting_.find(source);
  std::function<void()> work = std::move(waiting->second.front());
  waiting->second.pop_front();
  --count_;
  if (waiting->second.empty()) {
    waiting_.erase(waiting);
  } else {
    turns_.push_back(source);
  }
  return work;
}

void WorkPool::Run() {
  GoFirst();
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && count_ == 0) changed_.Wait(mutex_);
    if (count_ == 0) return;
    std::function<void()> work = Take();
    ++busy_;
    lock.Unlock();
    work();
    work = nullptr;
    lock.Lock();
    --busy_;
  }
}

}  // namespace brume
