#include "lib/ec2/network/linux/namespace_thread.h"

#include <pthread.h>

#include <chrono>
#include <future>
#include <system_error>

#include "lib/base/log.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/netns.h"

namespace brume::network {
namespace {

// Between tries to start a thread, or to enter a namespace, on a host that has no room for it just then.
constexpr auto kRetry = std::chrono::milliseconds(50);

}  // namespace

absl::StatusOr<std::unique_ptr<NamespaceThread>> NamespaceThread::Start(const std::string& name,
                                                                        std::function<absl::Status()> enter,
                                                                        WhenIdle when_idle) {
  std::unique_ptr<NamespaceThread> thread(new NamespaceThread(name, when_idle));
  RETURN_IF_ERROR(thread->Run([&]() -> absl::Status {
    RETURN_IF_ERROR(enter());
    ASSIGN_OR_RETURN(thread->namespace_, CurrentNamespace());
    return absl::OkStatus();
  }));
  return thread;
}

NamespaceThread::~NamespaceThread() {
  std::thread last;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    last = std::move(thread_);
  }
  changed_.NotifyOne();
  if (last.joinable()) last.join();
}

void NamespaceThread::StartThread() {
  // It let go of the mutex for good when it said that it is not alive.
  if (thread_.joinable()) thread_.join();
  for (bool logged = false; !alive_;) {
    try {
      thread_ = std::thread([this] { Loop(); });
      alive_ = true;
    } catch (const std::system_error& error) {
      if (!logged) log::Error("{} waits for a thread: {}", name_, error.what());
      logged = true;
      std::this_thread::sleep_for(kRetry);
    }
  }
  pthread_setname_np(thread_.native_handle(), name_.c_str());
}

// Nothing may ever be done in another namespace than this.
void NamespaceThread::Enter() const {
  if (!namespace_) return;  // the first job goes there
  for (bool logged = false;; logged = true) {
    const absl::Status entered = EnterNamespace(namespace_.get());
    if (entered.ok()) return;
    if (!logged) log::Error("{}: {}", name_, entered.message());
    std::this_thread::sleep_for(kRetry);
  }
}

void NamespaceThread::Loop() {
  Enter();
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && jobs_.empty() && when_idle_ == WhenIdle::kStays) changed_.Wait(mutex_);
    if (jobs_.empty()) break;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.Unlock();
    job();
    lock.Lock();
  }
  alive_ = false;
}

void NamespaceThread::Post(std::function<void()> job) {
  {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    if (!alive_) StartThread();
  }
  changed_.NotifyOne();
}

void NamespaceThread::RunAndWait(const std::function<void()>& job) {
  std::promise<void> done;
  const std::string operation = FailpointOperation();
  Post([&] {
    const FailpointScope scope(operation);
    job();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace brume::network
