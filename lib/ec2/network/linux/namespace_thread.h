// A thread that lives in one network namespace and does there, in order, what others ask.
//
// A socket, /proc/sys/net and the children of a thread belong to the namespace the thread is in, so everything that
// happens inside a VPC happens on its thread.
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

namespace brume::network {

class NamespaceThread {
 public:
  // Starts the thread and has it run `enter` first (EnterNamespace, EnterNewNamespace), whose error is returned.
  // `name` is the thread's name, at most 15 characters.
  static absl::StatusOr<std::unique_ptr<NamespaceThread>> Start(const std::string& name,
                                                                std::function<absl::Status()> enter);
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
  NamespaceThread() = default;
  void Loop();
  void RunAndWait(const std::function<void()>& job);

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace brume::network
