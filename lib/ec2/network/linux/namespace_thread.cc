#include "lib/ec2/network/linux/namespace_thread.h"

#include <pthread.h>

#include <future>

#include "lib/base/status_macros.h"

namespace brume::network {

absl::StatusOr<std::unique_ptr<NamespaceThread>> NamespaceThread::Start(const std::string& name,
                                                                        std::function<absl::Status()> enter) {
  std::unique_ptr<NamespaceThread> thread(new NamespaceThread);
  thread->thread_ = std::thread([self = thread.get()] { self->Loop(); });
  pthread_setname_np(thread->thread_.native_handle(), name.substr(0, 15).c_str());
  RETURN_IF_ERROR(thread->Run(std::move(enter)));
  return thread;
}

NamespaceThread::~NamespaceThread() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

void NamespaceThread::Loop() {
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && jobs_.empty()) changed_.Wait(mutex_);
    if (jobs_.empty()) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.Unlock();
    job();
    lock.Lock();
  }
}

void NamespaceThread::Post(std::function<void()> job) {
  {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.NotifyOne();
}

void NamespaceThread::RunAndWait(const std::function<void()>& job) {
  std::promise<void> done;
  Post([&] {
    job();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace brume::network
