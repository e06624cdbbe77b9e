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

bool WorkPool::Submit(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    // What a thread is free for does not wait, whether it has been made, or has come round to it, yet or not.
    if (waiting_.size() + busy_ >= max_threads_ + max_waiting_) return false;
    waiting_.push_back(std::move(work));
    const bool wanted = waiting_.size() + busy_ > threads_.size() && threads_.size() < max_threads_;
    if (wanted && !stopping_) {
      threads_.emplace_back([this] { Run(); });
    }
  }
  changed_.NotifyOne();
  return true;
}

void WorkPool::Run() {
  GoFirst();
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && waiting_.empty()) changed_.Wait(mutex_);
    if (waiting_.empty()) return;
    std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    ++busy_;
    lock.Unlock();
    work();
    work = nullptr;
    lock.Lock();
    --busy_;
  }
}

}  // namespace brume
