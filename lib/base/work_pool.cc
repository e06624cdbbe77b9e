#include "lib/base/work_pool.h"

#include <utility>

#include "lib/base/priority.h"

namespace brume {

WorkPool::WorkPool(int threads, int queue) : most_threads_(threads), most_waiting_(queue) {}

WorkPool::~WorkPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkPool::Submit(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    // What a thread is free for does not wait, whether it has been made, or has come round to it, yet or not.
    if (waiting_.size() + busy_ >= most_threads_ + most_waiting_) return false;
    waiting_.push_back(std::move(work));
    if (waiting_.size() + busy_ > threads_.size() && threads_.size() < most_threads_) {
      threads_.emplace_back([this] { Run(); });
    }
  }
  changed_.notify_one();
  return true;
}

void WorkPool::Run() {
  GoFirst();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    ++busy_;
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    --busy_;
  }
}

}  // namespace brume
