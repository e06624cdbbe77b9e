// A thread that lives in one network namespace and does there, in order, what others ask.
//
// A socket, /proc/sys/net and the children of a thread belong to the namespace the thread is in, so everything that
// happens inside a VPC happens on its thread. A host with many VPCs need not have as many threads: where it may end
// when there is nothing to do, another one takes its place, in the same namespace, when there is.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"

namespace brume::network {

enum class WhenIdle { kStays, kEnds };

class NamespaceThread {
 public:
  // Starts the thread and has it run `enter` first (EnterNamespace, EnterNewNamespace), whose error is returned.
  // `name` is the thread's name, at most 15 characters.
  static absl::StatusOr<std::unique_ptr<NamespaceThread>> Start(const std::string& name,
                                                                std::function<absl::Status()> enter,
                                                                WhenIdle when_idle = WhenIdle::kStays);
  // Waits for what was asked before.
  ~NamespaceThread();
  NamespaceThread(const NamespaceThread&) = delete;
  NamespaceThread& operator=(const NamespaceThread&) = delete;

  // Runs `job` on the thread, after all that was asked before, and returns what it returns. Not to be called on the
  // thread itself. Thread-safe.
  template <typename Job>
  auto Run(Job&& job) -> std::invoke_result_t<Job> {
    std::optional<std::invoke_result_t<Job>> result;
    RunAndWait([&] { result.emplace(job()); });
    return *std::move(result);
  }

  // Has `job` run after all that was asked before, and does not wait. Thread-safe, also on the thread itself.
  void Post(std::function<void()> job);

 private:
  NamespaceThread(const std::string& name, WhenIdle when_idle) : name_(name.substr(0, 15)), when_idle_(when_idle) {}
  // Takes the place of a thread that has ended.
  void StartThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Loop();
  void Enter() const;
  void RunAndWait(const std::function<void()>& job);

  const std::string name_;
  const WhenIdle when_idle_;
  UniqueFd namespace_;  // set by the first thread; the next ones enter it
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool alive_ ABSL_GUARDED_BY(mutex_) = false;  // there is a thread that takes jobs
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::network
