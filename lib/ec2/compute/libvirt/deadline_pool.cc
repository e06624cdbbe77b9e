#include "lib/ec2/compute/libvirt/deadline_pool.h"

#include <algorithm>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "lib/base/mutex.h"
#include "lib/base/priority.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"

namespace brume::compute {

// What follows `call` is guarded by the mutex of the pool's state.
struct DeadlinePool::Job {
  std::function<absl::Status()> call;
  std::optional<absl::Status> result;
  bool running = false;
  bool given_up = false;
  CondVar done;
};

// Shared with the threads, which outlive the pool when their calls hang.
struct DeadlinePool::State {
  State(int threads, int spare) : max_threads(threads), max_stuck(spare) {}

  const int max_threads, max_stuck;
  Mutex mutex;
  CondVar work;
  std::deque<std::shared_ptr<Job>> queue ABSL_GUARDED_BY(mutex);
  int threads ABSL_GUARDED_BY(mutex) = 0;
  int idle ABSL_GUARDED_BY(mutex) = 0;
  int stuck ABSL_GUARDED_BY(mutex) = 0;  // running calls whose callers have left
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  int ThreadLimit() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return max_threads + std::min(stuck, max_stuck); }
  static void Work(std::shared_ptr<State> state);
};

void DeadlinePool::State::Work(std::shared_ptr<State> state) {
  UseOrdinaryPriority();  // who waits for a call may go first; the QEMU that it starts may not
  MutexLock lock(state->mutex);
  while (!state->stopping && state->threads <= state->ThreadLimit()) {
    if (state->queue.empty()) {
      ++state->idle;
      state->work.Wait(state->mutex);
      --state->idle;
      continue;
    }
    const std::shared_ptr<Job> job = std::move(state->queue.front());
    state->queue.pop_front();
    job->running = true;
    lock.Unlock();
    absl::Status result = job->call();
    job->call = nullptr;  // what it owns ends here, on this thread and without the lock
    lock.Lock();
    if (job->given_up) --state->stuck;
    job->result = std::move(result);
    job->done.NotifyOne();
  }
  --state->threads;
}

DeadlinePool::DeadlinePool(int threads, int spare) : state_(std::make_shared<State>(threads, spare)) {}

DeadlinePool::~DeadlinePool() {
  MutexLock lock(state_->mutex);
  state_->stopping = true;
  state_->work.NotifyAll();
}

absl::Status DeadlinePool::Run(const std::string& what, absl::Duration deadline, std::function<absl::Status()> call) {
  const auto job = std::make_shared<Job>();
  if (FailpointsAreSet()) {
    // On the thread of the call, which a failpoint may hang as libvirt may.
    job->call = [operation = FailpointOperation(), what, call = std::move(call)]() -> absl::Status {
      const FailpointScope scope(operation);
      const SideEffect effect("libvirt", what);
      RETURN_IF_ERROR(effect.status());
      return call();
    };
  } else {
    job->call = std::move(call);
  }
  MutexLock lock(state_->mutex);
  state_->queue.push_back(job);
  if (state_->idle < static_cast<int>(state_->queue.size()) && state_->threads < state_->ThreadLimit()) {
    ++state_->threads;
    std::thread(State::Work, state_).detach();
  }
  state_->work.NotifyOne();
  const auto end = SteadyDeadline(deadline);
  while (!job->result.has_value() && job->done.WaitUntil(state_->mutex, end)) {
  }
  if (job->result.has_value()) return *std::move(job->result);
  if (job->running) {
    job->given_up = true;
    ++state_->stuck;
  } else {
    std::erase(state_->queue, job);
  }
  return absl::DeadlineExceededError(absl::StrCat(what, " took longer than ", absl::FormatDuration(deadline)));
}

}  // namespace brume::compute
