#include "lib/base/periodic.h"

#include <chrono>
#include <utility>

namespace brume {

Periodic::Periodic(Work work) : work_(std::move(work)) {}

Periodic::Periodic(absl::Duration period, std::function<void()> work)
    : work_([period, work = std::move(work)] {
        work();
        return period;
      }) {}

Periodic::~Periodic() { Stop(); }

void Periodic::Start(absl::Duration delay) {
  if (thread_.joinable() || Stopping()) return;
  thread_ = std::thread([this, delay] { Run(delay); });
}

void Periodic::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void Periodic::Wake() {
  {
    MutexLock lock(mutex_);
    woken_ = true;
  }
  changed_.NotifyAll();
}

bool Periodic::Stopping() const {
  MutexLock lock(mutex_);
  return stopping_;
}

bool Periodic::Sleep(absl::Duration duration) {
  const auto deadline = SteadyDeadline(duration);
  MutexLock lock(mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, deadline)) {
  }
  return !stopping_;
}

void Periodic::Run(absl::Duration delay) {
  MutexLock lock(mutex_);
  while (true) {
    const auto due = SteadyDeadline(delay);
    while (!stopping_ && !woken_ && (delay == absl::InfiniteDuration() || std::chrono::steady_clock::now() < due)) {
      changed_.WaitUntil(mutex_, due);
    }
    if (stopping_) return;
    woken_ = false;
    lock.Unlock();
    delay = work_();
    lock.Lock();
  }
}

}  // namespace brume
